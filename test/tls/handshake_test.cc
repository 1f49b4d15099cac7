// The handshake of the stream: with pieces of any size, and with peers that do not behave.
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>
#include <utility>
#include <vector>

#include "source/tls/tls_stream.h"
#include "test/tls/tls_fixture.h"

namespace culvert::tls {
namespace {

using net::IoError;
using net::IoResult;
using net::Pattern;
using Kind = HandshakeFailure::Kind;

constexpr size_t kMegabyte = size_t{1024} * 1024;

class HandshakeTest : public TlsVersionFixture {};

INSTANTIATE_TEST_SUITE_P(Versions, HandshakeTest,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(HandshakeTest, TellsTheFactsOfTheHandshake) {
  ClientOptions client = Client();
  client.server_name = "Server.Test";
  client.curves = "P-256";
  const TestConnection connection = Connect(*context_, client);
  const Facts facts = connection.server->CollectFacts();
  const bool tls13 = GetParam() == TLS1_3_VERSION;
  EXPECT_EQ(facts.version, tls13 ? "TLSv1.3" : "TLSv1.2");
  EXPECT_EQ(facts.cipher.substr(0, 4), "TLS_") << facts.cipher;
  EXPECT_EQ(facts.curve, "P-256");
  EXPECT_EQ(facts.server_name, "Server.Test");
  EXPECT_EQ(facts.application_protocol, "");
  EXPECT_FALSE(facts.resumed);
  EXPECT_EQ(facts.peer_subject, "");
  EXPECT_TRUE(facts.peer_names.empty());
}

TEST_P(HandshakeTest, WorksWithPiecesOfAnySize) {
  const std::string bytes = Pattern(17'000, 2);
  for (const auto& pieces : std::vector<std::vector<size_t>>{
           {1}, {2}, {5}, {1, 4, 100, 3}, {1000}, {0, 1, 0, 7}, {16'384}}) {
    TestConnection connection = Prepare(*context_, Client());
    // The last piece of a script is for ever.
    std::vector<size_t> script;
    for (int i = 0; i < 2000; ++i) script.insert(script.end(), pieces.begin(), pieces.end());
    script.push_back(pieces.back());
    connection.near_wire->SetReadPieces(script);
    connection.near_wire->SetWritePieces(script);
    Handshake(connection);
    ASSERT_TRUE(connection.ok()) << pieces.front() << ": " << connection.failure().details;
    connection.client->Write(bytes);
    connection.wire->Send(connection.client->TakeOutput());
    std::string got;
    RunUntil([&] {
      got += ReadAll(*connection.server).bytes;
      return got.size() >= bytes.size();
    });
    EXPECT_EQ(got, bytes);
    EXPECT_EQ(Down(connection, bytes), bytes);
  }
}

TEST_P(HandshakeTest, KeepsBytesThatComeWithTheLastMessageOfTheHandshake) {
  TestConnection connection = Prepare(*context_, Client());
  StartHandshake(connection);
  const std::string early = Pattern(50'000, 3);
  RunUntil([&] {
    connection.client->Receive(connection.wire->Received());
    const bool complete = connection.client->Handshake();
    // In TLS 1.2 the client may send only once it has the server's Finished.
    if (complete) connection.client->Write(early);
    connection.wire->Send(connection.client->TakeOutput());
    return complete;
  });
  RunUntil([&] { return running() == 0; });
  ASSERT_TRUE(connection.result.ok());
  EXPECT_EQ(ReadAll(*connection.server).bytes, early);
}

TEST_P(HandshakeTest, ReadsLittleBehindTheHandshake) {
  TestConnection connection = Prepare(*context_, Client());
  StartHandshake(connection);
  RunUntil([&] {
    connection.client->Receive(connection.wire->Received());
    const bool complete = connection.client->Handshake();
    if (complete) connection.client->Write(Pattern(kMegabyte, 3));
    connection.wire->Send(connection.client->TakeOutput());
    return complete;
  });
  RunUntil([&] { return running() == 0; });
  // Given back to the wire's other end: what the stream has not taken.
  std::string left(2 * kMegabyte, '\0');
  connection.near_wire->SetReadPieces({left.size()});
  const IoResult rest = connection.near_wire->TryRead(left);
  EXPECT_GE(rest.bytes, kMegabyte - size_t{32} * 1024);
}

TEST_P(HandshakeTest, TheHandshakeEndsAtItsDeadline) {
  TestConnection connection = Prepare(*context_, Client());
  connection.client->Handshake();
  connection.wire->Send(connection.client->TakeOutput().substr(0, 50));
  const IoResult result =
      Run(connection.server->Handshake(Clock::now() + std::chrono::milliseconds(30)));
  EXPECT_EQ(result.error, IoError::kTimedOut);
  EXPECT_EQ(connection.server->handshake_failure(), nullptr);
}

TEST_P(HandshakeTest, TheHandshakeEndsWhenItIsCancelled) {
  TestConnection connection = Prepare(*context_, Client());
  StartHandshake(connection);
  Unwind();
  EXPECT_EQ(connection.result.error, IoError::kCancelled);
}

TEST_P(HandshakeTest, AnEndOrResetWithinTheHandshakeIsNoProtocolError) {
  for (const bool reset : {false, true}) {
    TestConnection connection = Prepare(*context_, Client());
    connection.client->Handshake();
    connection.wire->Send(connection.client->TakeOutput());
    if (reset) {
      connection.wire->SendError(IoError::kReset);
    } else {
      connection.wire->SendEnd();
    }
    const IoResult result = Run(connection.server->Handshake(Clock::now() + kGuard));
    EXPECT_EQ(result.error, reset ? IoError::kReset : IoError::kTruncated);
  }
}

TEST_P(HandshakeTest, AHandshakeThroughABlockedWriterGoesOnWhenTheReaderReads) {
  for (const size_t capacity : {1, 100, 1000}) {
    TestConnection connection = Prepare(*context_, Client());
    connection.near_wire->SetWriteCapacity(capacity);
    Handshake(connection);
    EXPECT_TRUE(connection.ok()) << capacity << connection.failure().details;
  }
}

TEST_P(HandshakeTest, AHandshakeOverAStreamThatHoldsWritesFlushesIt) {
  TestConnection connection = Prepare(*context_, Client());
  connection.near_wire->SetHoldsWrites(true);
  connection.near_wire->SetWriteCapacity(64);
  Handshake(connection);
  EXPECT_TRUE(connection.ok()) << connection.failure().details;
  EXPECT_EQ(Down(connection, "hello"), "hello");
}

TEST_P(HandshakeTest, SomethingElseThanTlsIsRefused) {
  const std::pair<std::string, Kind> cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Kind::kNotTls},
      {"CONNECT a:443 HTTP/1.1\r\n\r\n", Kind::kNotTls},
      {"SSH-2.0-OpenSSH_9.2\r\n", Kind::kNotTls},
      {std::string(2000, '\xff'), Kind::kNotTls},
      {std::string("\x16\x03\x01\x00\x04\x01\xff\xff\xff", 9), Kind::kOther},
      {std::string("\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03", 11), Kind::kOther},
      {std::string("\x15\x03\x01\x00\x02\x02\x28", 7), Kind::kRefusedByPeer},
  };
  for (const auto& [bytes, kind] : cases) {
    TestConnection connection = Prepare(*context_, Client());
    connection.wire->Send(bytes);
    const IoResult result = Run(connection.server->Handshake(Clock::now() + kGuard));
    EXPECT_EQ(result.error, IoError::kProtocol);
    EXPECT_EQ(connection.failure().kind, kind) << bytes << connection.failure().details;
    EXPECT_FALSE(connection.failure().details.empty());
    EXPECT_EQ(ERR_peek_error(), 0);
    // It stays refused.
    EXPECT_EQ(ReadOne(*connection.server).error, IoError::kProtocol);
    EXPECT_TRUE(connection.server->TryWrite(std::string_view("x")).failed());
  }
}

TEST_P(HandshakeTest, AnAlertThatCouldNotGoAtOnceGoesWithTheShutdown) {
  TestConnection connection = Prepare(*context_, Client());
  connection.near_wire->SetWriteCapacity(3);
  connection.wire->Send(std::string("\x16\x03\x01\x00\x04\x01\xff\xff\xff", 9));
  EXPECT_EQ(Run(connection.server->Handshake(Clock::now() + kGuard)).error, IoError::kProtocol);
  std::string alert = connection.wire->Received();
  EXPECT_EQ(alert.size(), 3);
  EXPECT_TRUE(connection.server->TryShutdownWrite().would_block());
  alert += connection.wire->Received();
  EXPECT_TRUE(connection.server->TryShutdownWrite().ok());
  alert += connection.wire->Received();
  EXPECT_EQ(alert.size(), 7) << "a plain alert record";
  EXPECT_EQ(alert[0], 0x15);
  EXPECT_TRUE(connection.wire->received_end());
}

}  // namespace
}  // namespace culvert::tls
