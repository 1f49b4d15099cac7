// Which certificate, version, suite, curve and protocol a client gets, and who is refused and how.
#include "source/tls/server_context.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "source/base/status.h"
#include "test/tls/tls_fixture.h"

namespace culvert::tls {
namespace {

using Kind = HandshakeFailure::Kind;

class ServerContextTest : public TlsFixture {
 protected:
  static Issued Named(const std::string& name, const std::string& dns,
                      KeyType key = KeyType::kP256) {
    return Authority().Issue({.common_name = name, .names = {"DNS:" + dns}, .key = key});
  }
  static std::shared_ptr<const ServerContext> ContextWith(const std::vector<Issued>& certificates) {
    ServerOptions options;
    for (const Issued& issued : certificates) options.key_pairs.push_back(issued.Pair());
    return ContextOf(options);
  }
  std::string Shown(const ServerContext& context, const std::string& server_name) {
    const TestConnection connection = Connect(context, {.server_name = server_name});
    EXPECT_TRUE(connection.ok()) << connection.failure().details;
    return connection.client->server_subject();
  }
  int KeyFor(const ServerContext& context, ClientOptions client) {
    client.server_name = "both.test";
    const TestConnection connection = Connect(context, client);
    EXPECT_TRUE(connection.ok()) << connection.failure().details;
    return connection.client->server_key_type();
  }
};

TEST_F(ServerContextTest, ChoosesTheCertificateByNameExactBeforeWildcardBeforeDefault) {
  const auto context = ContextWith({Named("default", "default.test"), Named("wildcard", "*.a.test"),
                                    Named("exact", "x.a.test")});
  EXPECT_EQ(Shown(*context, "x.a.test"), "CN=exact,O=Culvert tests");
  EXPECT_EQ(Shown(*context, "X.A.TEST"), "CN=exact,O=Culvert tests");
  EXPECT_EQ(Shown(*context, "y.a.test"), "CN=wildcard,O=Culvert tests");
  for (const char* other : {"default.test", "a.test", "z.y.a.test", "unknown.test", ""}) {
    EXPECT_EQ(Shown(*context, other), "CN=default,O=Culvert tests") << other;
  }
}

TEST_F(ServerContextTest, ShowsTheWholeChain) {
  Issued issued = Named("leaf", "leaf.test");
  issued.certificate_pem += Authority().pem();
  const auto context = ContextWith({issued});
  const TestConnection connection = Connect(*context);
  EXPECT_EQ(sk_X509_num(SSL_get_peer_full_cert_chain(connection.client->ssl())), 2);
}

TEST_F(ServerContextTest, RsaAndEcdsaOfOneNameStandSideBySide) {
  const Issued rsa = Named("rsa", "both.test", KeyType::kRsa2048);
  const Issued ecdsa = Named("ecdsa", "both.test");
  for (const auto& context : {ContextWith({rsa, ecdsa}), ContextWith({ecdsa, rsa})}) {
    for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const ClientOptions any{.minimum_version = version, .maximum_version = version};
      EXPECT_EQ(KeyFor(*context, any), EVP_PKEY_EC);
      ClientOptions only_rsa = any;
      only_rsa.signature_algorithms = {SSL_SIGN_RSA_PSS_RSAE_SHA256, SSL_SIGN_RSA_PKCS1_SHA256};
      EXPECT_EQ(KeyFor(*context, only_rsa), EVP_PKEY_RSA);
      ClientOptions only_ecdsa = any;
      only_ecdsa.signature_algorithms = {SSL_SIGN_ECDSA_SECP256R1_SHA256};
      EXPECT_EQ(KeyFor(*context, only_ecdsa), EVP_PKEY_EC);
    }
  }
}

TEST_F(ServerContextTest, ATls12ClientWithoutEcdsaSuitesGetsRsa) {
  const auto context =
      ContextWith({Named("ecdsa", "both.test"), Named("rsa", "both.test", KeyType::kRsa2048)});
  EXPECT_EQ(KeyFor(*context, {.maximum_version = TLS1_2_VERSION,
                              .cipher_suites = "ECDHE-RSA-AES128-GCM-SHA256"}),
            EVP_PKEY_RSA);
  EXPECT_EQ(KeyFor(*context, {.maximum_version = TLS1_2_VERSION,
                              .cipher_suites = "ECDHE-ECDSA-AES128-GCM-SHA256"}),
            EVP_PKEY_EC);
}

TEST_F(ServerContextTest, ATls12ClientGetsRsaWhereTheServerHasNoEcdsaSuites) {
  ServerOptions options = OptionsOf(Named("ecdsa", "both.test"));
  options.key_pairs.push_back(Named("rsa", "both.test", KeyType::kRsa2048).Pair());
  options.cipher_suites = {"ECDHE-RSA-AES128-GCM-SHA256"};
  const auto context = ContextOf(options);
  EXPECT_EQ(KeyFor(*context, {.maximum_version = TLS1_2_VERSION}), EVP_PKEY_RSA);
}

TEST_F(ServerContextTest, AnEcdsaKeyOnACurveThatTheClientDoesNotKnowIsNotUsed) {
  const auto context = ContextWith(
      {Named("p384", "both.test", KeyType::kP384), Named("rsa", "both.test", KeyType::kRsa2048)});
  for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    ClientOptions client{.minimum_version = version, .maximum_version = version, .curves = "P-256"};
    client.signature_algorithms = {SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_RSA_PSS_RSAE_SHA256};
    EXPECT_EQ(KeyFor(*context, client), EVP_PKEY_RSA);
    client.curves = "P-256:P-384";
    client.signature_algorithms.push_back(SSL_SIGN_ECDSA_SECP384R1_SHA384);
    EXPECT_EQ(KeyFor(*context, client), EVP_PKEY_EC);
  }
}

TEST_F(ServerContextTest, TheDefaultNameMayHaveBothKindsOfKeys) {
  const auto context = ContextWith({Named("rsa", "default.test", KeyType::kRsa2048),
                                    Named("other", "other.test"), Named("ecdsa", "default.test")});
  EXPECT_EQ(Shown(*context, ""), "CN=ecdsa,O=Culvert tests");
  EXPECT_EQ(Shown(*context, "unknown.test"), "CN=ecdsa,O=Culvert tests");
}

TEST_F(ServerContextTest, AgreesOnTheVersionsThatItIsTold) {
  ServerOptions options = DefaultOptions();
  options.minimum_version = TLS1_3_VERSION;
  const auto only_13 = ContextOf(options);
  EXPECT_EQ(Connect(*only_13).server->CollectFacts().version, "TLSv1.3");
  const TestConnection refused = Connect(*only_13, {.maximum_version = TLS1_2_VERSION});
  EXPECT_EQ(refused.failure().kind, Kind::kUnsupportedVersion);
  EXPECT_EQ(refused.client->error(), "tlsv1 alert protocol version");
  options = DefaultOptions();
  options.maximum_version = TLS1_2_VERSION;
  EXPECT_EQ(Connect(*ContextOf(options)).server->CollectFacts().version, "TLSv1.2");
}

TEST_F(ServerContextTest, CipherSuitesAreInOrderOfPreference) {
  ServerOptions options = DefaultOptions();
  options.cipher_suites = {"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256"};
  const auto context = ContextOf(options);
  const auto suite = [&](const char* offered) {
    const TestConnection connection =
        Connect(*context, {.maximum_version = TLS1_2_VERSION, .cipher_suites = offered});
    return connection.ok() ? connection.server->CollectFacts().cipher : connection.client->error();
  };
  EXPECT_EQ(suite("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305"),
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(suite("ECDHE-ECDSA-AES128-GCM-SHA256"), "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(suite("ECDHE-ECDSA-AES256-GCM-SHA384"), "sslv3 alert handshake failure");
}

TEST_F(ServerContextTest, CurvesAreInOrderOfPreferenceWithASecondHelloWhereNeeded) {
  ServerOptions options = DefaultOptions();
  options.curves = {"P-384", "P-256"};
  const auto context = ContextOf(options);
  const auto curve = [&](const char* offered) {
    const TestConnection connection = Connect(*context, {.curves = offered});
    return connection.ok() ? connection.server->CollectFacts().curve : connection.failure().details;
  };
  EXPECT_EQ(curve("P-256:P-384"), "P-384");
  EXPECT_EQ(curve("X25519:P-256"), "P-256");
  EXPECT_EQ(curve("X25519"), "no shared group");
}

TEST_F(ServerContextTest, KnowsSuitesAndCurvesByName) {
  EXPECT_TRUE(IsCipherSuite("ECDHE-RSA-AES256-GCM-SHA384"));
  for (const char* other : {"", "ALL", "HIGH:!RC4", "ECDHE-RSA-AES256-GCM-SHA385",
                            "TLS_AES_128_GCM_SHA256", "@STRENGTH"}) {
    EXPECT_FALSE(IsCipherSuite(other)) << other;
  }
  for (const char* curve : {"X25519", "P-256", "P-384", "P-521"}) EXPECT_TRUE(IsCurve(curve));
  EXPECT_FALSE(IsCurve("P-224"));
  EXPECT_FALSE(IsCurve(""));
  EXPECT_EQ(ERR_peek_error(), 0);
}

TEST_F(ServerContextTest, SelectsTheProtocolInItsOwnOrder) {
  ServerOptions options = DefaultOptions();
  options.application_protocols = {"acme", "http/1.1"};
  const auto context = ContextOf(options);
  const auto selected = [&](std::vector<std::string> offered) {
    const TestConnection connection =
        Connect(*context, {.application_protocols = std::move(offered)});
    EXPECT_TRUE(connection.ok());
    EXPECT_EQ(connection.client->protocol(),
              connection.server->CollectFacts().application_protocol);
    return connection.client->protocol();
  };
  EXPECT_EQ(selected({"http/1.1"}), "http/1.1");
  EXPECT_EQ(selected({"h2", "http/1.1", "acme"}), "acme");
  EXPECT_EQ(selected({}), "");
}

TEST_F(ServerContextTest, AClientThatOffersOnlyOtherProtocolsIsTold) {
  ServerOptions options = DefaultOptions();
  options.application_protocols = {"http/1.1"};
  const auto context = ContextOf(options);
  const TestConnection refused = Connect(*context, {.application_protocols = {"h2", "http/1.0"}});
  EXPECT_EQ(refused.failure().kind, Kind::kNoSharedProtocol);
  EXPECT_EQ(refused.client->error(), "tlsv1 alert no application protocol");
}

TEST_F(ServerContextTest, WithoutProtocolsOfItsOwnItSelectsNone) {
  const auto context = ContextOf(DefaultOptions());
  const TestConnection connection = Connect(*context, {.application_protocols = {"h2"}});
  EXPECT_TRUE(connection.ok());
  EXPECT_EQ(connection.client->protocol(), "");
}

TEST_F(ServerContextTest, RefusesOptionsThatContradict) {
  ServerOptions options = DefaultOptions();
  options.minimum_version = TLS1_3_VERSION;
  options.maximum_version = TLS1_2_VERSION;
  EXPECT_EQ(Message(ServerContext::Create(options).status()),
            "minimum_version is above maximum_version");
}

TEST_F(ServerContextTest, RefusesACertificateThatMayNotSign) {
  const Issued issued = Authority().Issue({.common_name = "leaf", .key_usage = "keyAgreement"});
  const auto context = ServerContext::Create(OptionsOf(issued));
  EXPECT_EQ(
      Message(context.status()),
      "the certificate (CN=leaf,O=Culvert tests) is of no use for TLS: key usage bit incorrect");
}

TEST_F(ServerContextTest, LeavesTheErrorQueueClean) {
  const auto context = ContextOf(DefaultOptions());
  EXPECT_EQ(ERR_peek_error(), 0);
  Connect(*context);
  EXPECT_EQ(ERR_peek_error(), 0);
  Connect(*context,
          {.maximum_version = TLS1_2_VERSION, .cipher_suites = "ECDHE-RSA-AES128-GCM-SHA256"});
  EXPECT_EQ(ERR_peek_error(), 0);
}

}  // namespace
}  // namespace culvert::tls
