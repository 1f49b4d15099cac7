// What one snapshot takes over from the one before.
#include "source/server/snapshot_builder.h"

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>

#include "test/identity/hashes.h"
#include "test/server/process_fixture.h"

namespace culvert::server {
namespace {

constexpr std::string_view kConfig = R"(
access_log:
- {{filename: {log}}}
identity_providers:
- name: users
  users: [{{name: alice, password: {{filename: {password}}}}}]
- name: file
  htpasswd: {{filename: {htpasswd}}}
clusters:
- {{name: one, endpoints: [{{address: "127.0.0.1:1"}}]}}
- {{name: two, endpoints: [{{address: "127.0.0.1:2"}}]}}
listeners:
- name: one
  address: 127.0.0.1:8001
  filters: [{{tcp_proxy: {{cluster: one}}}}]
- name: two
  address: 127.0.0.1:8002
  filters: [{{tcp_proxy: {{cluster: two}}}}]
  access_log: [{{filename: {log}, format: TEXT}}]
- name: proxy
  address: 127.0.0.1:8003
  filters:
  - auth: {{providers: [users]}}
  - http_connect: {{}}
- name: tls
  address: 127.0.0.1:8004
  filters:
  - tls_terminate:
      certificates:
      - certificate_chain: {{filename: {certificate}}}
        private_key: {{filename: {key}}}
  - auth: {{providers: [file]}}
  - http_connect: {{}}
)";

class SnapshotBuilderTest : public ProcessFixture {
 protected:
  enum Listener { kOne, kTwo, kProxy, kTls };

  SnapshotBuilderTest() {
    config_ =
        fmt::format(kConfig, fmt::arg("log", log_.path()), fmt::arg("password", password_.path()),
                    fmt::arg("htpasswd", htpasswd_.path()),
                    fmt::arg("certificate", certificate_.path()), fmt::arg("key", key_.path()));
    before_ = BuildGood(config_);
  }

  // The config with another text in place of one that it has.
  std::string With(std::string_view text, std::string_view instead) const {
    std::string changed = config_;
    const size_t at = changed.find(text);
    EXPECT_NE(at, std::string::npos) << text;
    return changed.replace(at, text.size(), instead);
  }
  // Which listeners are as before: `1` for one that is, in their order.
  static std::string Kept(const Snapshot& before, const Snapshot& after) {
    std::string kept;
    for (size_t i = 0; i < before.listeners.size(); ++i) {
      kept += before.listeners[i] == after.listeners[i] ? '1' : '0';
    }
    return kept;
  }
  std::string KeptAfter(const std::string& yaml, const std::string& base_directory = "/") {
    after_ = BuildGood(yaml, before_, base_directory);
    return Kept(*before_, *after_);
  }
  bool SameCluster(std::string_view name) const {
    return before_->clusters.find(name)->second == after_->clusters.find(name)->second;
  }
  bool SameProvider(std::string_view name) const {
    return before_->identity_providers.find(name)->second ==
           after_->identity_providers.find(name)->second;
  }

  const identity::TemporaryFile log_{""};
  const identity::TemporaryFile password_{"secret"};
  const identity::TemporaryFile htpasswd_{fmt::format("bob:{}\n", identity::kBcrypt2y)};
  std::string config_;
  SnapshotPtr before_;
  SnapshotPtr after_;
};

TEST_F(SnapshotBuilderTest, WhatHasNotChangedIsTheSameObject) {
  EXPECT_EQ(KeptAfter("# another comment\n" + config_), "1111");
  EXPECT_TRUE(SameCluster("one") && SameCluster("two"));
  EXPECT_TRUE(SameProvider("users") && SameProvider("file"));
  EXPECT_EQ(after_->files, before_->files);
}

TEST_F(SnapshotBuilderTest, WithoutASnapshotBeforeEverythingIsNew) {
  const SnapshotPtr other = BuildGood(config_);
  EXPECT_EQ(Kept(*before_, *other), "0000");
  EXPECT_NE(before_->clusters.at("one"), other->clusters.at("one"));
  EXPECT_NE(before_->identity_providers.at("file"), other->identity_providers.at("file"));
}

TEST_F(SnapshotBuilderTest, AChangedListenerIsNewAlone) {
  EXPECT_EQ(KeptAfter(With("address: 127.0.0.1:8002", "address: 127.0.0.1:8002\n  backlog: 7")),
            "1011");
  EXPECT_EQ(after_->listeners[kTwo]->backlog, 7);
  EXPECT_TRUE(SameCluster("two"));
}

TEST_F(SnapshotBuilderTest, AChangedClusterIsNewWithTheListenersThatUseIt) {
  EXPECT_EQ(KeptAfter(With("127.0.0.1:1\"", "127.0.0.1:9\"")), "0111");
  EXPECT_FALSE(SameCluster("one"));
  EXPECT_TRUE(SameCluster("two"));
}

TEST_F(SnapshotBuilderTest, AChangedProviderIsNewWithTheListenersThatUseIt) {
  EXPECT_EQ(KeptAfter(With("htpasswd: {", "htpasswd: {groups: [g], ")), "1110");
  EXPECT_TRUE(SameProvider("users"));
  EXPECT_FALSE(SameProvider("file"));
}

TEST_F(SnapshotBuilderTest, TheAccessLogOfAllIsThatOfListenersWithoutOne) {
  EXPECT_EQ(KeptAfter(With("}\nidentity_providers", ", format: TEXT}\nidentity_providers")),
            "0100");
}

TEST_F(SnapshotBuilderTest, TheProcessPartIsNoPartOfListeners) {
  EXPECT_EQ(KeptAfter("process: {node: {id: n}}" + config_), "1111");
  EXPECT_EQ(after_->config.process().node().id(), "n");
}

TEST_F(SnapshotBuilderTest, AnotherBaseDirectoryIsAnotherPlaceForFiles) {
  EXPECT_EQ(KeptAfter(config_, "/tmp"), "0000");
  EXPECT_TRUE(SameCluster("one"));
  EXPECT_FALSE(SameProvider("users") || SameProvider("file"));
  EXPECT_EQ(after_->base_directory, "/tmp");
}

TEST_F(SnapshotBuilderTest, ThingsAreKnownByNameNotByPlace) {
  std::string moved = config_;
  const size_t begin = moved.find("- name: one\n");
  const size_t end = moved.find("- name: two\n");
  const std::string first = moved.substr(begin, end - begin);
  moved = moved.erase(begin, end - begin) + first;
  after_ = BuildGood(moved, before_);
  EXPECT_EQ(after_->listeners.back(), before_->listeners.front());
  EXPECT_EQ(after_->listeners.front(), before_->listeners[kTwo]);
}

TEST_F(SnapshotBuilderTest, ARenamedListenerIsNew) {
  EXPECT_EQ(KeptAfter(With("- name: one\n", "- name: eins\n")), "0111");
}

TEST_F(SnapshotBuilderTest, AListenerThatWasAddedLeavesTheOthers) {
  EXPECT_EQ(
      KeptAfter(config_ + "- {name: new, address: '127.0.0.1:9', filters: [{http_connect: {}}]}"),
      "1111");
  EXPECT_EQ(after_->listeners.size(), 5);
}

TEST_F(SnapshotBuilderTest, ADataFileThatChangedIsReadAgain) {
  EXPECT_FALSE(FilesChanged(*before_));
  const tls::Issued renewed = Issue("renewed.test");
  certificate_.Write(renewed.certificate_pem);
  key_.Write(renewed.key_pem);
  EXPECT_TRUE(FilesChanged(*before_));
  EXPECT_EQ(KeptAfter(config_), "1110");
  EXPECT_EQ(after_->listeners[kTls]->certificates[0].subject, "CN=renewed.test,O=Culvert tests");
  EXPECT_FALSE(FilesChanged(*after_));
}

TEST_F(SnapshotBuilderTest, APasswordFileThatChangedIsReadAgain) {
  password_.Write("another");
  EXPECT_TRUE(FilesChanged(*before_));
  EXPECT_EQ(KeptAfter(config_), "1101");
  EXPECT_FALSE(SameProvider("users"));
}

TEST_F(SnapshotBuilderTest, AnHtpasswdFileIsItsProvidersOwnAffair) {
  htpasswd_.Write(fmt::format("carol:{}\n", identity::kBcrypt2y));
  EXPECT_FALSE(FilesChanged(*before_));
  EXPECT_EQ(KeptAfter(config_), "1111");
  EXPECT_TRUE(SameProvider("file"));
}

TEST_F(SnapshotBuilderTest, ADataFileThatIsGoneIsAnError) {
  key_.Remove();
  EXPECT_TRUE(FilesChanged(*before_));
  EXPECT_EQ(Build(config_, before_).snapshot, nullptr);
}

TEST_F(SnapshotBuilderTest, FilesThatNobodyUsesAnyMoreAreForgotten) {
  after_ = BuildGood("clusters: []", before_);
  EXPECT_TRUE(after_->files.empty());
}

TEST_F(SnapshotBuilderTest, HalfOfAChangeIsRefusedAndTheWholeOfItTaken) {
  const tls::Issued renewed = Issue("renewed.test", 30, 1);
  certificate_.Write(renewed.certificate_pem);
  EXPECT_EQ(Build(config_, before_).snapshot, nullptr) << "the key is still the old one";
  EXPECT_TRUE(FilesChanged(*before_));
  key_.Write(renewed.key_pem);
  EXPECT_EQ(KeptAfter(config_), "1110");
}

TEST_F(SnapshotBuilderTest, LimitsOfAListenerGoOnCountingAndGoWithIt) {
  EXPECT_EQ(KeptAfter(With("address: 127.0.0.1:8001", "address: 127.0.0.1:8009")), "0111");
  EXPECT_EQ(after_->listeners[kOne]->limits, before_->listeners[kOne]->limits);
  const std::weak_ptr<ConnectionLimits> limits = after_->listeners[kOne]->limits;
  before_ = nullptr;
  after_ = BuildGood("clusters: []", after_);
  EXPECT_TRUE(limits.expired());
  after_ = BuildGood("clusters: []", after_);
  EXPECT_TRUE(process_->services().limits.empty());
}

TEST_F(SnapshotBuilderTest, TicketKeysOutliveAConfig) {
  const auto keys = [&] { return process_->services().ticket_keys.Export(Clock::now()); };
  const auto first = keys();
  ASSERT_EQ(first.size(), 1);
  EXPECT_EQ(first[0].owner.listener, "tls");
  EXPECT_EQ(KeptAfter(With("address: 127.0.0.1:8004", "address: 127.0.0.1:8009")), "1110");
  before_ = nullptr;
  const auto second = keys();
  ASSERT_EQ(second.size(), 1);
  EXPECT_EQ(second[0].state.keys[0].name, first[0].state.keys[0].name);
}

}  // namespace
}  // namespace culvert::server
