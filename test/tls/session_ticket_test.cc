// Resumption: which tickets are taken, and what a resumed session knows.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace culvert::tls
