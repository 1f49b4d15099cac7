// What is told of a config that is built: errors, warnings, certificates.
#include "source/server/process.h"

#include <fmt/format.h>

#include "test/server/process_fixture.h"

namespace culvert::server {
namespace {

class ProcessTest : public ProcessFixture {
 protected:
  std::string TlsListener(std::string_view address = "127.0.0.1:8443") const {
    return fmt::format(R"(
clusters:
- {{name: c, endpoints: [{{address: "127.0.0.1:1"}}]}}
listeners:
- name: plain
  address: 127.0.0.1:8080
  filters: [{{tcp_proxy: {{cluster: c}}}}]
- name: tls
  address: {}
  filters:
  - tls_terminate:
      certificates:
      - certificate_chain: {{filename: {}}}
        private_key: {{filename: {}}}
  - tcp_proxy: {{cluster: c}}
)",
                       address, certificate_.path(), key_.path());
  }
};

TEST_F(ProcessTest, AWarningHasItsPlaceAndDoesNotStopTheConfig) {
  const tls::Issued expired = Issue("a.test", -1);
  certificate_.Write(expired.certificate_pem);
  key_.Write(expired.key_pem);
  const LoadedConfig built = Build(TlsListener());
  EXPECT_NE(built.snapshot, nullptr);
  ASSERT_EQ(built.warnings.size(), 1);
  EXPECT_EQ(built.warnings[0].file, "test.yaml");
  EXPECT_EQ(built.warnings[0].position.line, 13);
  EXPECT_EQ(built.warnings[0].path, "listeners[1].filters[0].tls_terminate.certificates[0]");
  EXPECT_TRUE(built.warnings[0].message.starts_with("the certificate (CN=a.test,"));
}

TEST_F(ProcessTest, AWarningIsRepeatedWhileItsReasonStays) {
  const tls::Issued expired = Issue("a.test", -1);
  certificate_.Write(expired.certificate_pem);
  key_.Write(expired.key_pem);
  const LoadedConfig first = Build(TlsListener());
  const LoadedConfig second = Build("access_log: []" + TlsListener(), first.snapshot);
  EXPECT_EQ(second.snapshot->listeners[1], first.snapshot->listeners[1]);
  EXPECT_EQ(second.warnings, first.warnings);
}

TEST_F(ProcessTest, ErrorsOfTheBuildHaveTheirPlaceAndGiveNoSnapshot) {
  const SnapshotPtr before = BuildGood(TlsListener());
  certificate_.Remove();
  const LoadedConfig built = Build(TlsListener(), before);
  EXPECT_EQ(built.snapshot, nullptr);
  ASSERT_EQ(built.errors.size(), 1);
  EXPECT_EQ(built.errors[0].position.line, 13);
  EXPECT_EQ(built.errors[0].path,
            "listeners[1].filters[0].tls_terminate.certificates[0].certificate_chain");
}

TEST_F(ProcessTest, ErrorsOfTheLoaderStayErrors) {
  config::LoadResult loaded = config::LoadConfigText(TlsListener(), config::Format::kYaml,
                                                     "test.yaml", {registry_.Names()});
  loaded.errors.push_back({"test.yaml", {}, "listeners[0].name", "is not to my taste"});
  const LoadedConfig built = process_->Build(std::move(loaded), "/", nullptr);
  EXPECT_EQ(built.snapshot, nullptr);
  ASSERT_EQ(built.errors.size(), 1);
  EXPECT_EQ(built.errors[0].message, "is not to my taste");
}

TEST_F(ProcessTest, TwoListenersCannotHaveOneAddress) {
  const SnapshotPtr before = BuildGood(TlsListener());
  const LoadedConfig built = Build(TlsListener("127.0.0.1:8080"), before);
  ASSERT_EQ(built.errors.size(), 1);
  EXPECT_EQ(built.errors[0].path, "listeners[1].address");
  EXPECT_EQ(built.errors[0].message, "listener 'plain' has this address already");
}

TEST_F(ProcessTest, CertificatesAreThoseOfTheirListener) {
  const SnapshotPtr snapshot = BuildGood(TlsListener());
  EXPECT_TRUE(snapshot->listeners[0]->certificates.empty());
  ASSERT_EQ(snapshot->listeners[1]->certificates.size(), 1);
  const filter::CertificateFacts& facts = snapshot->listeners[1]->certificates[0];
  EXPECT_EQ(facts.path, "filters[0].tls_terminate.certificates[0]");
  EXPECT_EQ(facts.subject, "CN=a.test,O=Culvert tests");
  EXPECT_EQ(facts.file, certificate_.path());
}

TEST_F(ProcessTest, RelativeFileNamesStartAtTheBaseDirectory) {
  const std::string yaml = fmt::format(R"(
identity_providers:
- name: p
  users: [{{name: u, password: {{filename: {}}}}}]
)",
                                       key_.filename());
  EXPECT_NE(Build(yaml, nullptr, "/").errors.size(), 0);
}

TEST_F(ProcessTest, LoadReadsAFileAndWhatIsBesideIt) {
  const identity::TemporaryFile password("secret");
  const std::string name = password.path() + ".yaml";
  std::ofstream(name) << fmt::format(
      "identity_providers: [{{name: p, users: [{{name: u, password: {{filename: {}}}}}]}}]",
      password.filename());
  const LoadedConfig loaded = process_->Load(name);
  std::remove(name.c_str());
  EXPECT_EQ(config::ToString(loaded.errors), "");
  ASSERT_NE(loaded.snapshot, nullptr);
  EXPECT_EQ(loaded.snapshot->base_directory, password.folder());
  EXPECT_EQ(loaded.snapshot->files.size(), 1);
}

}  // namespace
}  // namespace culvert::server
