// What happens to connections at tls_terminate, and what is told of them.
#include "extensions/tls_terminate/filter.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>
#include <utility>

#include "extensions/tls_terminate/factory.h"
#include "test/extensions/tls_terminate/config.h"
#include "test/fakes/filter_fixture.h"
#include "test/tls/tls_client.h"

namespace culvert::extensions::tls_terminate {
namespace {

using fakes::FakeStream;
using filter::StreamFilter;
using filter::StreamPtr;
using filter::Task;
using tls::ClientOptions;
using tls::TlsClient;

constexpr std::string_view kPlainHttp = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
// A hello that breaks off within itself.
constexpr std::string_view kBrokenHello("\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03", 11);

class TlsTerminateTest : public fakes::FilterFixture {
 protected:
  static constexpr std::string_view kHandshakes = "culvert_tls_terminate_handshakes_total";
  static constexpr std::string_view kFailures = "culvert_tls_terminate_handshake_failures_total";

  TlsTerminateTest() { config_ = ConfigOf({Authority().Issue({.names = {"DNS:server.test"}})}); }

  void RequireClientCertificates() {
    config_.mutable_client_certificate()->set_mode(v1::ClientCertificate::REQUIRED);
    config_.mutable_client_certificate()->mutable_ca()->set_inline_string(Authority().pem());
  }

  // A connection that comes to the filter; its other end is wire_.
  void Begin() {
    auto [near, far] = FakeStream::MakePair();
    wire_ = std::move(far);
    Accept(std::move(near));
  }
  void Accept(StreamPtr stream) {
    if (filter_ == nullptr) filter_ = Build<StreamFilter>(*factory_, config_);
    ASSERT_NE(filter_, nullptr) << Errors();
    connection().LogRecord();
    connection().BeginRecord();
    Serve(Store(*filter_, std::move(stream), connection(), accepted_));
  }
  static Task<void> Store(const StreamFilter& filter, StreamPtr stream,
                          filter::ConnectionContext& connection, StreamPtr& accepted) {
    accepted = co_await filter.Accept(std::move(stream), connection);
  }

  // A client that goes through its handshake; the connection is closed where it fails.
  std::unique_ptr<TlsClient> Connect(const ClientOptions& options) {
    auto client = std::make_unique<TlsClient>(options);
    Begin();
    RunUntil([&] {
      client->Exchange(*wire_);
      if (!client->error().empty() || wire_->received_end()) wire_->SendEnd();
      return !serving();
    });
    client->Exchange(*wire_);
    client->Read();
    return client;
  }
  void ExpectRefused(const ClientOptions& options, std::string_view reason,
                     std::string_view details, std::string_view alert) {
    const auto client = Connect(options);
    EXPECT_EQ(client->error(), alert);
    ExpectEnded(reason, details);
  }
  void ExpectEnded(std::string_view reason, std::string_view details) {
    EXPECT_EQ(accepted_, nullptr);
    EXPECT_EQ(record().ended_by, "tls_terminate");
    EXPECT_EQ(record().reason, reason);
    EXPECT_EQ(record().details, details);
    EXPECT_EQ(Metric(kFailures, "reason=" + std::string(reason)), 1);
    EXPECT_EQ(Metric(kFailures), 1);
    EXPECT_EQ(Metric(kHandshakes), 0);
    EXPECT_TRUE(record().durations.tls_handshake);
  }

  const filter::FilterFactoryPtr factory_ = MakeTlsTerminateFactory();
  v1::TlsTerminate config_;
  std::shared_ptr<const StreamFilter> filter_;
  fakes::FakeStreamPtr wire_;
  StreamPtr accepted_;
};

TEST_F(TlsTerminateTest, GivesAStreamOfPlainBytes) {
  const auto client = Connect({});
  ASSERT_NE(accepted_, nullptr) << record().details;
  client->Write("hello");
  wire_->Send(client->TakeOutput());
  ExpectReceived(*accepted_, "hello");
  EXPECT_TRUE(accepted_->TryWrite(std::string_view("world")).ok());
  client->Receive(wire_->Received());
  EXPECT_EQ(client->Read(), "world");
  EXPECT_FALSE(connection().ended());
}

TEST_F(TlsTerminateTest, NotesTheFactsInTheRecord) {
  RequireClientCertificates();
  config_.add_application_protocols("http/1.1");
  const tls::KeyPair alice =
      Authority().Issue({.common_name = "alice", .names = {"DNS:app.test"}}).Pair();
  Connect({.server_name = "server.test",
           .application_protocols = {"h2", "http/1.1"},
           .certificate = &alice});
  ASSERT_NE(accepted_, nullptr) << record().details;
  ASSERT_NE(record().tls, nullptr);
  const access_log::TlsFacts& facts = *record().tls;
  EXPECT_EQ(facts.version, "TLSv1.3");
  EXPECT_EQ(facts.cipher.substr(0, 4), "TLS_");
  EXPECT_EQ(facts.server_name, "server.test");
  EXPECT_EQ(facts.application_protocol, "http/1.1");
  EXPECT_EQ(facts.client_subject, "CN=alice,O=Culvert tests");
  EXPECT_EQ(facts.client_names, std::vector<std::string>{"app.test"});
  EXPECT_FALSE(facts.resumed);
  EXPECT_GT(record().durations.tls_handshake->count(), 0);
  EXPECT_EQ(connection().identity(), nullptr) << "a certificate is no identity";
}

TEST_F(TlsTerminateTest, CountsHandshakesByVersionAndResumption) {
  const auto first = Connect({});
  ASSERT_NE(accepted_, nullptr);
  EXPECT_TRUE(accepted_->TryWrite(std::string_view("x")).ok());
  first->Receive(wire_->Received());
  first->Read();
  const auto second = Connect({.session = first->session()});
  EXPECT_TRUE(record().tls->resumed);
  Connect({.maximum_version = TLS1_2_VERSION});
  EXPECT_EQ(Metric(kHandshakes, "version=TLSv1.3"), 2);
  EXPECT_EQ(Metric(kHandshakes, "version=TLSv1.2"), 1);
  EXPECT_EQ(Metric(kHandshakes, "listener=test"), 3);
  EXPECT_EQ(Metric("culvert_tls_terminate_handshakes_resumed_total"), 1);
  EXPECT_EQ(Metric("culvert_tls_terminate_handshake_duration_seconds"), 3);
  EXPECT_EQ(Metric(kFailures), 0);
}

TEST_F(TlsTerminateTest, ASilentClientIsTimedOut) {
  config_.mutable_handshake_timeout()->set_nanos(20'000'000);
  Begin();
  Finish();
  ExpectEnded("tls_handshake_timeout", "");
  EXPECT_TRUE(wire_->received_end());
}

TEST_F(TlsTerminateTest, AClientThatLeavesIsNoted) {
  Begin();
  wire_->Send(std::string("\x16\x03\x01", 3));
  wire_->SendEnd();
  Finish();
  ExpectEnded("closed_during_handshake", "");
}

TEST_F(TlsTerminateTest, AClientThatResetsIsNoted) {
  Begin();
  wire_->SendError(net::IoError::kReset);
  Finish();
  ExpectEnded("reset_during_handshake", "");
}

TEST_F(TlsTerminateTest, PlainHttpIsNotTls) {
  Begin();
  wire_->Send(kPlainHttp);
  wire_->SendEnd();
  Finish();
  ExpectEnded("not_tls", "http request");
}

TEST_F(TlsTerminateTest, AnOldVersionIsRefusedAndTold) {
  config_.set_minimum_version(v1::TLSv1_3);
  ExpectRefused({.maximum_version = TLS1_2_VERSION}, "tls_unsupported_version",
                "unsupported protocol", "tlsv1 alert protocol version");
}

TEST_F(TlsTerminateTest, WithoutACommonCipherSuiteTheClientIsTold) {
  ExpectRefused({.maximum_version = TLS1_2_VERSION, .cipher_suites = "ECDHE-RSA-AES128-GCM-SHA256"},
                "tls_no_shared_cipher", "no shared cipher", "sslv3 alert handshake failure");
}

TEST_F(TlsTerminateTest, WithoutACommonProtocolTheClientIsTold) {
  config_.add_application_protocols("http/1.1");
  ExpectRefused({.server_name = "server.test", .application_protocols = {"h2"}},
                "tls_no_shared_protocol", "no application protocol",
                "tlsv1 alert no application protocol");
  EXPECT_EQ(record().tls->server_name, "server.test");
}

TEST_F(TlsTerminateTest, WithoutARequiredCertificateTheClientIsTold) {
  RequireClientCertificates();
  ExpectRefused({}, "tls_no_client_certificate", "peer did not return a certificate",
                "tlsv1 alert certificate required");
}

TEST_F(TlsTerminateTest, ACertificateThatIsRefusedIsNamed) {
  RequireClientCertificates();
  const tls::TestAuthority strangers("strangers", 101);
  const tls::KeyPair mallory =
      strangers.Issue({.common_name = "mallory", .names = {"DNS:app.test"}}).Pair();
  ExpectRefused({.certificate = &mallory}, "tls_client_certificate_refused",
                "unable to get local issuer certificate", "tlsv1 alert unknown ca");
  EXPECT_EQ(record().tls->client_subject, "CN=mallory,O=Culvert tests");
  EXPECT_EQ(record().tls->client_names, std::vector<std::string>{"app.test"});
}

TEST_F(TlsTerminateTest, AnAlertOfTheClientIsNoted) {
  Begin();
  // A fatal unknown_ca.
  wire_->Send(std::string("\x15\x03\x01\x00\x02\x02\x30", 7));
  wire_->SendEnd();
  Finish();
  ExpectEnded("tls_refused_by_client", "tlsv1 alert unknown ca");
}

TEST_F(TlsTerminateTest, AnythingElseIsAFailedHandshake) {
  Begin();
  wire_->Send(kBrokenHello);
  wire_->SendEnd();
  Finish();
  ExpectEnded("tls_handshake_failed", "decode error");
}

TEST_F(TlsTerminateTest, WhoCancelsAConnectionSaysWhy) {
  Begin();
  Cancel();
  Finish();
  EXPECT_EQ(accepted_, nullptr);
  EXPECT_FALSE(connection().ended());
  EXPECT_EQ(Metric(kFailures), 0);
}

TEST_F(TlsTerminateTest, LingersUntilTheClientHasReadTheAlert) {
  Begin();
  wire_->Send(kPlainHttp);
  RunUntil([&] { return wire_->received_end(); });
  EXPECT_TRUE(serving()) << "the client is not done";
  wire_->SendEnd();
  Finish();
}

TEST_F(TlsTerminateTest, AClientThatGoesOnSendingIsNotListenedToForLong) {
  Begin();
  wire_->Send(kPlainHttp);
  RunUntil([&] { return wire_->received_end(); });
  size_t sent = 0;
  RunUntil([&] {
    if (serving()) wire_->Send(std::string(4096, 'x')), sent += 4096;
    return !serving();
  });
  EXPECT_LT(sent, 256 * 1024);
}

// A close with unread bytes would reset the connection, and the alert would be lost.
TEST_F(TlsTerminateTest, TheAlertGetsThroughARealSocketWithUnreadBytes) {
  auto [near, far] = net::TcpPair();
  const std::string hello = std::string(kBrokenHello) + std::string(40'000, 'x');
  ASSERT_EQ(send(far.get(), hello.data(), hello.size(), 0), hello.size());
  Accept(MakeStream(std::move(near)));
  RunUntil([&] {
    char byte;
    return recv(far.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
  });
  // Late, as a client that is far away.
  EXPECT_EQ(send(far.get(), "more", 4, MSG_NOSIGNAL), 4);
  CountRounds(std::chrono::milliseconds(20));
  char alert[100];
  EXPECT_EQ(recv(far.get(), alert, sizeof alert, MSG_DONTWAIT), 7);
  EXPECT_EQ(alert[0], 0x15);
  EXPECT_EQ(recv(far.get(), alert, sizeof alert, MSG_DONTWAIT), 0) << "a clean end";
  shutdown(far.get(), SHUT_WR);
  Finish();
}

}  // namespace
}  // namespace culvert::extensions::tls_terminate
