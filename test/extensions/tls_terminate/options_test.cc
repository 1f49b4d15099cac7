// What a config of tls_terminate must be, and what is said of one that is not.
#include "extensions/tls_terminate/options.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "extensions/tls_terminate/factory.h"
#include "test/extensions/tls_terminate/config.h"
#include "test/fakes/filter_fixture.h"

namespace culvert::extensions::tls_terminate {
namespace {

using filter::StreamFilter;
using tls::KeyType;

class OptionsTest : public fakes::FilterFixture {
 protected:
  static v1::TlsTerminate Good() { return ConfigOf({Authority().Issue({.common_name = "good"})}); }
  // All errors of a config, none of which is built.
  std::string ErrorsOf(const v1::TlsTerminate& config) {
    errors_.clear();
    const auto filter = Build<StreamFilter>(*factory_, config);
    EXPECT_EQ(filter == nullptr, !errors_.empty());
    return Errors();
  }

  const filter::FilterFactoryPtr factory_ = MakeTlsTerminateFactory();
};

TEST_F(OptionsTest, IsCalledTlsTerminate) {
  EXPECT_EQ(factory_->name(), "tls_terminate");
  EXPECT_EQ(factory_->kind(), filter::FilterKind::kStream);
}

TEST_F(OptionsTest, TakesTheLeastAndTheMost) {
  EXPECT_EQ(ErrorsOf(Good()), "");
  v1::TlsTerminate config = Good();
  AddCertificate(Authority().Issue({.key = KeyType::kRsa2048}), config);
  config.set_minimum_version(v1::TLSv1_2);
  config.set_maximum_version(v1::TLSv1_3);
  config.add_cipher_suites("ECDHE-RSA-AES128-GCM-SHA256");
  config.add_curves("P-521");
  config.add_application_protocols(std::string(255, 'a'));
  config.mutable_client_certificate()->set_mode(v1::ClientCertificate::OPTIONAL);
  config.mutable_client_certificate()->mutable_ca()->set_inline_string(Authority().pem());
  config.mutable_client_certificate()->add_allowed_names("a.test");
  config.mutable_handshake_timeout()->set_seconds(1);
  config.mutable_session_tickets()->mutable_lifetime()->set_seconds(60);
  config.mutable_session_tickets()->mutable_rotation_interval()->set_seconds(30);
  EXPECT_EQ(ErrorsOf(config), "");
}

TEST_F(OptionsTest, NeedsACertificate) {
  EXPECT_EQ(ErrorsOf({}), "f.certificates: at least one is needed; add one with its key\n");
}

TEST_F(OptionsTest, FilesThatCannotBeReadAreNamed) {
  v1::TlsTerminate config;
  config.add_certificates()->mutable_certificate_chain()->set_filename("missing.crt");
  config.mutable_certificates(0)->mutable_private_key()->set_filename("missing.key");
  const std::string where =
      ": no such file: check the name (relative names start at the config file's folder)\n";
  EXPECT_EQ(ErrorsOf(config), "f.certificates[0].certificate_chain: missing.crt" + where +
                                  "f.certificates[0].private_key: missing.key" + where);
}

TEST_F(OptionsTest, BrokenFilesAreToldApart) {
  v1::TlsTerminate config = Good();
  AddCertificate({"no certificate", "no key"}, config);
  EXPECT_EQ(ErrorsOf(config),
            "f.certificates[1].certificate_chain: holds no certificate; a PEM file with BEGIN "
            "CERTIFICATE is wanted\n"
            "f.certificates[1].private_key: holds no usable private key in PEM (no start line)\n");
}

TEST_F(OptionsTest, ACertificateAndItsKeyMustBelongTogether) {
  tls::Issued mixed = Authority().Issue({.common_name = "mine"});
  mixed.key_pem = tls::ToPem(tls::TestKey(KeyType::kP256, 5).get());
  EXPECT_EQ(ErrorsOf(ConfigOf({mixed})),
            "f.certificates[0].private_key: the private key is not that of the certificate "
            "(CN=mine,O=Culvert tests); "
            "check that the two files belong together\n");
}

TEST_F(OptionsTest, WeakKeysAreRefused) {
  EXPECT_EQ(ErrorsOf(ConfigOf({Authority().Issue({.key = KeyType::kRsa1024})})),
            "f.certificates[0].private_key: the RSA key has 1024 bits; use one of 2048 or more\n");
}

TEST_F(OptionsTest, ACertificateThatMayNotSignIsRefused) {
  EXPECT_EQ(
      ErrorsOf(ConfigOf({Authority().Issue({.common_name = "mine", .key_usage = "keyAgreement"})})),
      "f.certificates: the certificate (CN=mine,O=Culvert tests) is of no use for TLS: key usage "
      "bit incorrect\n");
}

TEST_F(OptionsTest, AnExpiredCertificateIsAWarning) {
  EXPECT_EQ(ErrorsOf(ConfigOf({Authority().Issue({.common_name = "new"}),
                               Authority().Issue({.common_name = "old", .days = -3})})),
            "");
  ASSERT_EQ(environment_.warnings().size(), 1);
  const FieldError& warning = environment_.warnings()[0];
  EXPECT_EQ(warning.path, "f.certificates[1]");
  EXPECT_TRUE(warning.message.starts_with("the certificate (CN=old,O=Culvert tests) expired at 20"))
      << warning.message;
  EXPECT_TRUE(warning.message.ends_with("; clients will refuse it")) << warning.message;
}

TEST_F(OptionsTest, AuthoritiesThatNobodyAsksAreAWarning) {
  v1::TlsTerminate config = Good();
  config.mutable_client_certificate()->mutable_ca()->set_inline_string(Authority().pem());
  EXPECT_EQ(ErrorsOf(config), "");
  EXPECT_EQ(environment_.warnings(),
            (std::vector<FieldError>{
                {"f.client_certificate", "mode is OFF: no certificate is asked for"}}));
}

TEST_F(OptionsTest, VersionsMustNotBeTheWrongWayRound) {
  v1::TlsTerminate config = Good();
  config.set_minimum_version(v1::TLSv1_3);
  EXPECT_EQ(ErrorsOf(config), "");
  config.set_maximum_version(v1::TLSv1_2);
  EXPECT_EQ(ErrorsOf(config),
            "f.minimum_version: is above maximum_version; lower it or raise the other\n");
}

TEST_F(OptionsTest, UnknownCipherSuitesAreNamed) {
  v1::TlsTerminate config = Good();
  config.add_cipher_suites("ECDHE-ECDSA-AES128-GCM-SHA256");
  config.add_cipher_suites("NO-SUCH-SUITE");
  config.add_cipher_suites("ALL");
  config.add_cipher_suites("TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(
      ErrorsOf(config),
      "f.cipher_suites[1]: 'NO-SUCH-SUITE' is no cipher suite of TLS 1.2 known here; write a name "
      "such as "
      "ECDHE-ECDSA-AES128-GCM-SHA256\n"
      "f.cipher_suites[2]: 'ALL' is no cipher suite of TLS 1.2 known here; write a name such as "
      "ECDHE-ECDSA-AES128-GCM-SHA256\n"
      "f.cipher_suites[3]: 'TLS_AES_128_GCM_SHA256' is not by its OpenSSL name, or one of TLS 1.3, "
      "which are not "
      "a choice; leave it out or write a name such as ECDHE-ECDSA-AES128-GCM-SHA256\n");
}

TEST_F(OptionsTest, UnknownCurvesAreNamed) {
  v1::TlsTerminate config = Good();
  config.add_curves("X25519");
  config.add_curves("P-123");
  EXPECT_EQ(
      ErrorsOf(config),
      "f.curves[1]: 'P-123' is no curve known here; choose among X25519, P-256, P-384 and P-521\n");
}

TEST_F(OptionsTest, ProtocolsHaveOneTo255Bytes) {
  v1::TlsTerminate config = Good();
  config.add_application_protocols("");
  config.add_application_protocols("http/1.1");
  config.add_application_protocols(std::string(256, 'a'));
  EXPECT_EQ(ErrorsOf(config),
            "f.application_protocols[0]: is empty; write a name such as http/1.1\n"
            "f.application_protocols[2]: has 256 bytes; a name has at most 255\n");
}

TEST_F(OptionsTest, CheckingClientCertificatesNeedsAnAuthority) {
  for (const auto mode : {v1::ClientCertificate::OPTIONAL, v1::ClientCertificate::REQUIRED}) {
    v1::TlsTerminate config = Good();
    config.mutable_client_certificate()->set_mode(mode);
    EXPECT_EQ(ErrorsOf(config),
              "f.client_certificate.ca: is required unless mode is OFF; name a PEM file with the "
              "authorities of the "
              "clients' certificates\n");
    config.mutable_client_certificate()->mutable_ca()->set_inline_string("nothing");
    EXPECT_EQ(ErrorsOf(config),
              "f.client_certificate.ca: holds no certificate; a PEM file with BEGIN CERTIFICATE is "
              "wanted\n");
  }
}

TEST_F(OptionsTest, AllowedNamesNeedAMode) {
  v1::TlsTerminate config = Good();
  config.mutable_client_certificate()->mutable_ca()->set_inline_string(Authority().pem());
  EXPECT_EQ(ErrorsOf(config), "");
  config.mutable_client_certificate()->add_allowed_names("a.test");
  EXPECT_EQ(ErrorsOf(config),
            "f.client_certificate.allowed_names: no certificate is asked for while mode is OFF; "
            "set mode to REQUIRED "
            "or OPTIONAL\n");
  config.mutable_client_certificate()->set_mode(v1::ClientCertificate::REQUIRED);
  config.mutable_client_certificate()->add_allowed_names("");
  EXPECT_EQ(
      ErrorsOf(config),
      "f.client_certificate.allowed_names[1]: is empty; write a subject alternative name such as "
      "app.example.com\n");
}

TEST_F(OptionsTest, EveryErrorIsToldAtOnce) {
  v1::TlsTerminate config;
  config.add_cipher_suites("x");
  config.add_curves("x");
  config.add_application_protocols("");
  config.set_minimum_version(v1::TLSv1_3);
  config.set_maximum_version(v1::TLSv1_2);
  config.mutable_client_certificate()->set_mode(v1::ClientCertificate::REQUIRED);
  ErrorsOf(config);
  EXPECT_EQ(errors_.size(), 6);
}

TEST_F(OptionsTest, WhatIsNotGivenHasItsDefault) {
  filter::BuildContext context(environment_, "f", "test", errors_);
  const tls::ServerOptions options = MakeOptions(Good(), context);
  EXPECT_EQ(options.minimum_version, TLS1_2_VERSION);
  EXPECT_EQ(options.maximum_version, TLS1_3_VERSION);
  EXPECT_EQ(options.client_certificate, tls::ClientCertificateMode::kOff);
  EXPECT_TRUE(options.session_tickets);
  EXPECT_EQ(options.ticket_rotation, std::chrono::hours(12));
  EXPECT_EQ(options.session_lifetime, std::chrono::hours(24));
}

TEST_F(OptionsTest, EveryFieldArrives) {
  v1::TlsTerminate config = Good();
  config.set_minimum_version(v1::TLSv1_3);
  config.set_maximum_version(v1::TLSv1_3);
  config.add_cipher_suites("ECDHE-RSA-AES128-GCM-SHA256");
  config.add_curves("P-384");
  config.add_application_protocols("http/1.1");
  config.mutable_client_certificate()->set_mode(v1::ClientCertificate::REQUIRED);
  config.mutable_client_certificate()->mutable_ca()->set_inline_string(Authority().pem());
  config.mutable_client_certificate()->add_allowed_names("a.test");
  config.mutable_session_tickets()->set_disabled(true);
  config.mutable_session_tickets()->mutable_lifetime()->set_seconds(60);
  config.mutable_session_tickets()->mutable_rotation_interval()->set_seconds(30);
  filter::BuildContext context(environment_, "f", "test", errors_);
  const tls::ServerOptions options = MakeOptions(config, context);
  EXPECT_EQ(Errors(), "");
  EXPECT_EQ(options.key_pairs.size(), 1);
  EXPECT_EQ(options.minimum_version, TLS1_3_VERSION);
  EXPECT_EQ(options.maximum_version, TLS1_3_VERSION);
  EXPECT_EQ(options.cipher_suites, std::vector<std::string>{"ECDHE-RSA-AES128-GCM-SHA256"});
  EXPECT_EQ(options.curves, std::vector<std::string>{"P-384"});
  EXPECT_EQ(options.application_protocols, std::vector<std::string>{"http/1.1"});
  EXPECT_EQ(options.client_certificate, tls::ClientCertificateMode::kRequired);
  EXPECT_EQ(options.client_authorities.size(), 1);
  EXPECT_TRUE(options.allowed_client_names.Match({.dns = {"a.test"}}));
  EXPECT_FALSE(options.session_tickets);
  EXPECT_EQ(options.session_lifetime, std::chrono::seconds(60));
  EXPECT_EQ(options.ticket_rotation, std::chrono::seconds(30));
}

}  // namespace
}  // namespace culvert::extensions::tls_terminate
