// Resumption: which tickets are taken, and what a resumed session knows.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "test/tls/tls_fixture.h"

namespace culvert::tls {
namespace {

class SessionTicketTest : public TlsFixture, public ::testing::WithParamInterface<uint16_t> {
 protected:
  ClientOptions Client(SSL_SESSION* session = nullptr) const {
    return {.minimum_version = GetParam(), .maximum_version = GetParam(), .session = session};
  }
  // A full handshake's ticket.
  UniquePtr<SSL_SESSION> Ticket(const ServerContext& context) { return Ticket(context, Client()); }
  UniquePtr<SSL_SESSION> Ticket(const ServerContext& context, const ClientOptions& options) {
    TestConnection connection = Connect(context, options);
    EXPECT_TRUE(connection.ok()) << connection.failure().details;
    ReadTickets(connection);
    return bssl::UpRef(connection.client->session());
  }
  // In TLS 1.3 they come with the first bytes.
  void ReadTickets(TestConnection& connection) { EXPECT_EQ(Down(connection, "hello"), "hello"); }
  // In seconds, as the server has told the client.
  static uint32_t Lifetime(const SSL_SESSION& session) {
    return GetParam() == TLS1_3_VERSION ? SSL_SESSION_get_timeout(&session)
                                        : SSL_SESSION_get_ticket_lifetime_hint(&session);
  }
  bool Resumes(const ServerContext& context, SSL_SESSION* session) {
    const TestConnection connection = Connect(context, Client(session));
    EXPECT_TRUE(connection.ok()) << connection.failure().details;
    EXPECT_EQ(connection.server->CollectFacts().resumed, connection.client->resumed());
    return connection.client->resumed();
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, SessionTicketTest,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(SessionTicketTest, ATicketResumesMoreThanOnce) {
  const auto context = ContextOf(DefaultOptions());
  const UniquePtr<SSL_SESSION> ticket = Ticket(*context);
  ASSERT_TRUE(ticket);
  EXPECT_TRUE(Resumes(*context, ticket.get()));
  EXPECT_TRUE(Resumes(*context, ticket.get()));
}

TEST_P(SessionTicketTest, OneTicketIsEnough) {
  const auto context = ContextOf(DefaultOptions());
  TestConnection connection = Connect(*context, Client());
  ReadTickets(connection);
  EXPECT_EQ(connection.client->tickets(), 1);
}

TEST_P(SessionTicketTest, AnotherContextDoesNotKnowIt) {
  const auto first = ContextOf(DefaultOptions());
  const auto second = ContextOf(DefaultOptions());
  EXPECT_FALSE(Resumes(*second, Ticket(*first).get()));
}

TEST_P(SessionTicketTest, DisabledTicketsAreNeitherMadeNorTaken) {
  ServerOptions options = DefaultOptions();
  options.session_tickets = false;
  const auto without = ContextOf(options);
  const UniquePtr<SSL_SESSION> none = Ticket(*without);
  EXPECT_TRUE(none == nullptr || !SSL_SESSION_has_ticket(none.get()));
  const auto with = ContextOf(DefaultOptions());
  EXPECT_FALSE(Resumes(*without, Ticket(*with).get()));
}

TEST_P(SessionTicketTest, AChangedTicketGetsAFullHandshake) {
  const auto context = ContextOf(DefaultOptions());
  const UniquePtr<SSL_SESSION> ticket = Ticket(*context);
  uint8_t* bytes = nullptr;
  size_t size = 0;
  ASSERT_TRUE(SSL_SESSION_to_bytes(ticket.get(), &bytes, &size));
  const UniquePtr<uint8_t> owner(bytes);
  const uint8_t* sealed = nullptr;
  size_t sealed_size = 0;
  SSL_SESSION_get0_ticket(ticket.get(), &sealed, &sealed_size);
  const std::string_view all(reinterpret_cast<char*>(bytes), size);
  const size_t at = all.find(std::string_view(reinterpret_cast<const char*>(sealed), sealed_size));
  ASSERT_NE(at, std::string_view::npos);
  // In its name, its initialization vector, its contents and its authentication.
  for (const size_t offset : {size_t{3}, size_t{20}, sealed_size / 2, sealed_size - 1}) {
    std::string changed(all);
    changed[at + offset] ^= 1;
    const UniquePtr<SSL_CTX> context_of_session(SSL_CTX_new(TLS_method()));
    const UniquePtr<SSL_SESSION> broken(
        SSL_SESSION_from_bytes(reinterpret_cast<const uint8_t*>(changed.data()), changed.size(),
                               context_of_session.get()));
    ASSERT_TRUE(broken);
    EXPECT_FALSE(Resumes(*context, broken.get())) << offset;
  }
}

TEST_P(SessionTicketTest, AnOldKeyStillOpensAndTheTicketIsRenewed) {
  ServerOptions options = DefaultOptions();
  // Short enough to wait for; the key opens for two more, which is long enough for a busy machine.
  options.ticket_rotation = std::chrono::seconds(1);
  const auto context = ContextOf(options);
  const TimePoint made = Clock::now();
  const UniquePtr<SSL_SESSION> ticket = Ticket(*context);
  RunUntil([&] { return Clock::now() >= made + std::chrono::seconds(1); });
  TestConnection connection = Connect(*context, Client(ticket.get()));
  EXPECT_TRUE(connection.client->resumed());
  ReadTickets(connection);
  EXPECT_EQ(connection.client->tickets(), 1) << "sealed with the new key";
}

TEST_P(SessionTicketTest, AResumedSessionKeepsTheClientsIdentity) {
  const TestAuthority clients("clients", 101);
  const KeyPair alice = clients.Issue({.common_name = "alice", .names = {"DNS:app.test"}}).Pair();
  ServerOptions options = DefaultOptions();
  options.client_certificate = ClientCertificateMode::kRequired;
  options.client_authorities = clients.Bundle();
  const auto context = ContextOf(options);
  ClientOptions client = Client();
  client.certificate = &alice;
  const UniquePtr<SSL_SESSION> ticket = Ticket(*context, client);
  const TestConnection connection = Connect(*context, Client(ticket.get()));
  ASSERT_TRUE(connection.ok());
  const Facts facts = connection.server->CollectFacts();
  EXPECT_TRUE(facts.resumed);
  EXPECT_EQ(facts.peer_subject, "CN=alice,O=Culvert tests");
  EXPECT_EQ(facts.peer_names, std::vector<std::string>{"app.test"});
}

TEST_P(SessionTicketTest, ResumptionWorksWhicheverCertificateTheNameChose) {
  ServerOptions options = DefaultOptions();
  options.key_pairs.push_back(
      Authority().Issue({.common_name = "b", .names = {"DNS:b.test"}, .key_index = 1}).Pair());
  const auto context = ContextOf(options);
  ClientOptions client = Client();
  client.server_name = "b.test";
  const UniquePtr<SSL_SESSION> ticket = Ticket(*context, client);
  client.session = ticket.get();
  const TestConnection connection = Connect(*context, client);
  EXPECT_TRUE(connection.client->resumed());
}

TEST_P(SessionTicketTest, ATicketIsNotTakenAfterItsLifetime) {
  ServerOptions options = DefaultOptions();
  options.session_lifetime = std::chrono::seconds(1);
  const auto context = ContextOf(options);
  const UniquePtr<SSL_SESSION> ticket = Ticket(*context);
  EXPECT_LE(Lifetime(*ticket), 1);
  // The client's clock must not be what refuses it.
  SSL_SESSION_set_timeout(ticket.get(), 1000);
  EXPECT_TRUE(RunUntil([&] { return !Resumes(*context, ticket.get()); }));
}

TEST_P(SessionTicketTest, NoTicketLivesLongerThanAWeek) {
  ServerOptions options = DefaultOptions();
  options.session_lifetime = Duration::max();
  const auto context = ContextOf(options);
  EXPECT_EQ(Lifetime(*Ticket(*context)), 7 * 24 * 3600);
}

// Contexts that were given the same keys, as those of one listener before and after a reload.
class SharedKeysTest : public SessionTicketTest {
 protected:
  ServerOptions Options() const {
    ServerOptions options = DefaultOptions();
    options.ticket_keys = keys_;
    return options;
  }
  ServerOptions Options(ClientCertificateMode mode, const TestAuthority& authority,
                        const std::vector<std::string>& allowed_names = {}) const {
    ServerOptions options = Options();
    options.client_certificate = mode;
    options.client_authorities = authority.Bundle();
    options.allowed_client_names = AllowedNames(allowed_names);
    return options;
  }
  // Whether a session of the client, who shows `certificate_`, at `before` is resumed by `after`.
  bool ResumesAcross(const ServerOptions& before, const ServerOptions& after) {
    ClientOptions client = Client();
    client.certificate = &certificate_;
    const UniquePtr<SSL_SESSION> ticket = Ticket(*ContextOf(before), client);
    client.session = ticket.get();
    return Connect(*ContextOf(after), client).client->resumed();
  }

  const std::shared_ptr<TicketKeys> keys_ =
      std::make_shared<TicketKeys>(std::chrono::hours(12), Clock::now());
  const TestAuthority clients_{"clients", 101};
  const KeyPair certificate_ =
      clients_.Issue({.common_name = "alice", .names = {"DNS:app.test"}}).Pair();
};

INSTANTIATE_TEST_SUITE_P(Versions, SharedKeysTest,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(SharedKeysTest, ATicketOutlivesItsContext) {
  EXPECT_TRUE(ResumesAcross(Options(), Options()));
  EXPECT_TRUE(ResumesAcross(Options(ClientCertificateMode::kRequired, clients_),
                            Options(ClientCertificateMode::kRequired, clients_)));
}

TEST_P(SharedKeysTest, ARenewedCertificateDoesNotEndSessions) {
  ServerOptions renewed = Options();
  renewed.key_pairs.clear();
  renewed.key_pairs.push_back(
      Authority()
          .Issue({.common_name = "server", .names = {"DNS:server.test"}, .key_index = 7})
          .Pair());
  EXPECT_TRUE(ResumesAcross(Options(), renewed));
}

TEST_P(SharedKeysTest, NoTicketResumesUnderAnotherClientCertificateMode) {
  using enum ClientCertificateMode;
  for (const ClientCertificateMode before : {kOff, kOptional, kRequired}) {
    for (const ClientCertificateMode after : {kOff, kOptional, kRequired}) {
      EXPECT_EQ(ResumesAcross(before == kOff ? Options() : Options(before, clients_),
                              after == kOff ? Options() : Options(after, clients_)),
                before == after)
          << int(before) << " to " << int(after);
    }
  }
}

TEST_P(SharedKeysTest, NoTicketResumesUnderOtherAuthorities) {
  const TestAuthority others("others", 102);
  const ServerOptions before = Options(ClientCertificateMode::kRequired, clients_);
  ServerOptions after = Options(ClientCertificateMode::kRequired, clients_);
  EXPECT_FALSE(ResumesAcross(before, Options(ClientCertificateMode::kRequired, others)));
  after.client_authorities.push_back(std::move(others.Bundle()[0]));
  EXPECT_FALSE(ResumesAcross(before, after));
}

TEST_P(SharedKeysTest, NoTicketResumesUnderOtherAllowedNames) {
  const auto allow = [&](const std::vector<std::string>& names) {
    return Options(ClientCertificateMode::kRequired, clients_, names);
  };
  EXPECT_FALSE(ResumesAcross(allow({}), allow({"other.test"})));
  EXPECT_FALSE(ResumesAcross(allow({"app.test"}), allow({"app.test", "other.test"})));
  EXPECT_TRUE(ResumesAcross(allow({"app.test", "b.test"}), allow({"b.test", "app.test"})));
}

TEST_P(SharedKeysTest, NoTicketResumesAtAnotherSite) {
  ServerOptions other = Options();
  other.key_pairs.clear();
  other.key_pairs.push_back(
      Authority().Issue({.common_name = "server", .names = {"DNS:other.test"}}).Pair());
  EXPECT_FALSE(ResumesAcross(Options(), other));
}

TEST_P(SharedKeysTest, AShorterLifetimeHoldsForSessionsFromBefore) {
  ServerOptions shorter = Options();
  shorter.session_lifetime = std::chrono::minutes(1);
  EXPECT_FALSE(ResumesAcross(Options(), shorter));
}

}  // namespace
}  // namespace culvert::tls
