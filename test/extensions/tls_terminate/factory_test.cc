// What a filter tells of itself when it is built, and what it shares with others.
#include "extensions/tls_terminate/factory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "source/tls/ticket_key_store.h"
#include "test/extensions/tls_terminate/config.h"
#include "test/fakes/filter_fixture.h"
#include "test/identity/temporary_file.h"

namespace culvert::extensions::tls_terminate {
namespace {

using filter::StreamFilter;

class FactoryTest : public fakes::FilterFixture {
 protected:
  static v1::TlsTerminate Good() { return ConfigOf({Authority().Issue({.common_name = "good"})}); }

  const filter::FilterFactoryPtr factory_ = MakeTlsTerminateFactory();
};

TEST_F(FactoryTest, CertificatesAreNoted) {
  const identity::TemporaryFile file(
      Authority()
          .Issue({.common_name = "a", .names = {"DNS:a.test", "IP:10.0.0.7"}})
          .certificate_pem);
  v1::TlsTerminate config = Good();
  config.mutable_certificates(0)->mutable_certificate_chain()->set_filename(file.path());
  config.mutable_client_certificate()->set_mode(v1::ClientCertificate::REQUIRED);
  config.mutable_client_certificate()->mutable_ca()->set_inline_string(Authority().pem());
  EXPECT_NE(Build<StreamFilter>(*factory_, config), nullptr) << Errors();
  ASSERT_EQ(environment_.certificates().size(), 2);
  const filter::CertificateFacts& facts = environment_.certificates()[0];
  EXPECT_EQ(facts.path, "f.certificates[0]");
  EXPECT_EQ(facts.subject, "CN=a,O=Culvert tests");
  EXPECT_EQ(facts.issuer, "CN=authority,O=Culvert tests");
  EXPECT_EQ(facts.alternative_names, (std::vector<std::string>{"a.test", "10.0.0.7"}));
  EXPECT_GT(facts.not_after, std::chrono::system_clock::now());
  EXPECT_LT(facts.not_before, std::chrono::system_clock::now());
  EXPECT_EQ(facts.fingerprint.size(), 64);
  EXPECT_NE(facts.serial_number, "");
  EXPECT_EQ(facts.key, "ECDSA P-256");
  EXPECT_EQ(facts.file, file.path());
  const filter::CertificateFacts& authority = environment_.certificates()[1];
  EXPECT_EQ(authority.path, "f.client_certificate.ca");
  EXPECT_EQ(authority.subject, "CN=authority,O=Culvert tests");
  EXPECT_EQ(authority.file, "");
  EXPECT_EQ(environment_.files(), std::vector<std::string>{file.path()});
}

class TicketKeysOfListenerTest : public FactoryTest {
 protected:
  // How many sets of keys two filters of one listener have, both of which are there.
  size_t SetsOf(const v1::TlsTerminate& first, const v1::TlsTerminate& second) {
    const auto before = Build<StreamFilter>(*factory_, first);
    const auto after = Build<StreamFilter>(*factory_, second);
    EXPECT_EQ(Errors(), "");
    return environment_.ticket_keys().Export(Clock::now()).size();
  }
  v1::TlsTerminate config_ = Good();
  v1::TlsTerminate changed_ = config_;
};

TEST_F(TicketKeysOfListenerTest, AreSharedWhereNothingThatMattersDiffers) {
  changed_.mutable_handshake_timeout()->set_seconds(1);
  changed_.add_application_protocols("http/1.1");
  EXPECT_EQ(SetsOf(config_, changed_), 1);
  const auto exported = environment_.ticket_keys().Export(Clock::now());
  EXPECT_TRUE(exported.empty()) << "gone with the filters";
}

TEST_F(TicketKeysOfListenerTest, DifferWhereClientsHaveToShowSomethingElse) {
  changed_.mutable_client_certificate()->set_mode(v1::ClientCertificate::REQUIRED);
  changed_.mutable_client_certificate()->mutable_ca()->set_inline_string(Authority().pem());
  EXPECT_EQ(SetsOf(config_, changed_), 2);
}

TEST_F(TicketKeysOfListenerTest, DifferWhereTheyChangeAtAnotherInterval) {
  changed_.mutable_session_tickets()->mutable_rotation_interval()->set_seconds(60);
  EXPECT_EQ(SetsOf(config_, changed_), 2);
}

TEST_F(TicketKeysOfListenerTest, AreNotMadeWhereTicketsAreDisabled) {
  changed_.mutable_session_tickets()->set_disabled(true);
  EXPECT_EQ(SetsOf(changed_, changed_), 0);
}

}  // namespace
}  // namespace culvert::extensions::tls_terminate
