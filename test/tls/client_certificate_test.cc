// Who gets in with which certificate, and what the others are told.
#include <gtest/gtest.h>

#include "test/tls/tls_fixture.h"

namespace culvert::tls {
namespace {

using Kind = HandshakeFailure::Kind;
using Mode = ClientCertificateMode;

class ClientCertificateTest : public TlsFixture, public ::testing::WithParamInterface<uint16_t> {
 protected:
  std::shared_ptr<const ServerContext> ContextFor(Mode mode,
                                                  const std::vector<std::string>& allowed = {}) {
    ServerOptions options = DefaultOptions();
    options.client_certificate = mode;
    options.client_authorities = clients_.Bundle();
    options.allowed_client_names = AllowedNames(allowed);
    return ContextOf(options);
  }
  // With the certificate, or none.
  TestConnection ConnectWith(const ServerContext& context, const Issued* certificate) {
    ClientOptions client{.minimum_version = GetParam(), .maximum_version = GetParam()};
    KeyPair pair;
    if (certificate != nullptr) {
      pair = certificate->Pair();
      client.certificate = &pair;
    }
    TestConnection connection = Connect(context, client);
    // In TLS 1.3 the client hears only when it reads that it was refused.
    if (connection.client->error().empty()) connection.client->Read();
    return connection;
  }

  const TestAuthority clients_{"clients", 101};
  const TestAuthority strangers_{"strangers", 102};
  const Issued good_ =
      clients_.Issue({.common_name = "alice", .names = {"DNS:app.test", "URI:spiffe://test/app"}});
  const Issued unknown_ = strangers_.Issue({.common_name = "mallory", .names = {"DNS:app.test"}});
};

INSTANTIATE_TEST_SUITE_P(Versions, ClientCertificateTest,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(ClientCertificateTest, OffAsksForNone) {
  const auto context = ContextFor(Mode::kOff);
  for (const Issued* certificate : {&good_, &unknown_, static_cast<const Issued*>(nullptr)}) {
    const TestConnection connection = ConnectWith(*context, certificate);
    EXPECT_TRUE(connection.ok());
    EXPECT_EQ(connection.server->CollectFacts().peer_subject, "");
  }
}

TEST_P(ClientCertificateTest, OptionalTakesNoneOrAGoodOne) {
  const auto context = ContextFor(Mode::kOptional);
  EXPECT_TRUE(ConnectWith(*context, nullptr).ok());
  const TestConnection good = ConnectWith(*context, &good_);
  EXPECT_TRUE(good.ok()) << good.failure().details;
  const Facts facts = good.server->CollectFacts();
  EXPECT_EQ(facts.peer_subject, "CN=alice,O=Culvert tests");
  EXPECT_EQ(facts.peer_names, (std::vector<std::string>{"app.test", "spiffe://test/app"}));
  const TestConnection refused = ConnectWith(*context, &unknown_);
  EXPECT_EQ(refused.failure().kind, Kind::kCertificateRefused);
}

TEST_P(ClientCertificateTest, RequiredRefusesNoneAndSaysSo) {
  const auto context = ContextFor(Mode::kRequired);
  EXPECT_TRUE(ConnectWith(*context, &good_).ok());
  const TestConnection refused = ConnectWith(*context, nullptr);
  EXPECT_EQ(refused.failure().kind, Kind::kNoCertificate);
  EXPECT_EQ(refused.failure().details, "peer did not return a certificate");
  EXPECT_EQ(refused.client->error(), GetParam() == TLS1_3_VERSION
                                         ? "tlsv1 alert certificate required"
                                         : "sslv3 alert handshake failure");
}

TEST_P(ClientCertificateTest, AnUnknownAuthorityIsNamedAsTheReason) {
  const TestConnection refused = ConnectWith(*ContextFor(Mode::kRequired), &unknown_);
  EXPECT_EQ(refused.failure().kind, Kind::kCertificateRefused);
  EXPECT_EQ(refused.failure().details, "unable to get local issuer certificate");
  EXPECT_EQ(refused.client->error(), "tlsv1 alert unknown ca");
}

TEST_P(ClientCertificateTest, AnExpiredOneIsRefused) {
  const Issued expired =
      clients_.Issue({.common_name = "late", .names = {"DNS:app.test"}, .days = -1});
  const TestConnection refused = ConnectWith(*ContextFor(Mode::kOptional), &expired);
  EXPECT_EQ(refused.failure().kind, Kind::kCertificateRefused);
  EXPECT_EQ(refused.failure().details, "certificate has expired");
  EXPECT_EQ(refused.client->error(), "sslv3 alert certificate expired");
}

TEST_P(ClientCertificateTest, OneForServersOnlyIsRefused) {
  const Issued server =
      clients_.Issue({.names = {"DNS:app.test"}, .extended_key_usage = "serverAuth"});
  EXPECT_EQ(ConnectWith(*ContextFor(Mode::kRequired), &server).failure().kind,
            Kind::kCertificateRefused);
  const Issued client =
      clients_.Issue({.names = {"DNS:app.test"}, .extended_key_usage = "clientAuth"});
  EXPECT_TRUE(ConnectWith(*ContextFor(Mode::kRequired), &client).ok());
}

TEST_P(ClientCertificateTest, NamesOutsideTheAllowlistAreRefused) {
  for (const char* allowed : {"app.test", "*.test", "spiffe://test/app"}) {
    EXPECT_TRUE(ConnectWith(*ContextFor(Mode::kRequired, {"x.test", allowed}), &good_).ok())
        << allowed;
  }
  const TestConnection refused =
      ConnectWith(*ContextFor(Mode::kRequired, {"other.test", "alice"}), &good_);
  EXPECT_EQ(refused.failure().kind, Kind::kCertificateRefused);
  EXPECT_EQ(refused.failure().details, "none of its names is allowed");
  EXPECT_NE(refused.client->error().find("alert"), std::string::npos) << refused.client->error();
}

TEST_P(ClientCertificateTest, TheAllowlistHoldsForOptionalCertificatesToo) {
  const auto context = ContextFor(Mode::kOptional, {"other.test"});
  EXPECT_TRUE(ConnectWith(*context, nullptr).ok());
  EXPECT_EQ(ConnectWith(*context, &good_).failure().kind, Kind::kCertificateRefused);
}

}  // namespace
}  // namespace culvert::tls
