// The stream after and during its handshake, with pieces of any size, and with peers that do not behave.
#include "source/tls/tls_stream.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <openssl/err.h>

#include <array>
#include <utility>

#include "source/net/stream_io.h"
#include "test/tls/tls_fixture.h"

namespace culvert::tls {
namespace {

using fakes::FakeStream;
using net::IoError;
using net::IoResult;
using net::Pattern;
using net::Task;
using Kind = HandshakeFailure::Kind;

constexpr size_t kMegabyte = 1024 * 1024;

class TlsStreamTest : public TlsFixture, public ::testing::WithParamInterface<uint16_t> {
 protected:
  ClientOptions Client() const { return {.minimum_version = GetParam(), .maximum_version = GetParam()}; }
  TestConnection Connected() {
    TestConnection connection = Connect(*context_, Client());
    EXPECT_TRUE(connection.ok()) << connection.failure().details;
    return connection;
  }
  // Everything that the client can open by now.
  static std::string Got(TestConnection& connection) {
    connection.client->Receive(connection.wire->Received());
    return connection.client->Read();
  }
  IoResult ReadOne(net::Stream& stream) { return stream.TryRead(buffer_); }

  const std::shared_ptr<const ServerContext> context_ = ContextOf(DefaultOptions());
  std::array<char, 100> buffer_;
};

INSTANTIATE_TEST_SUITE_P(Versions, TlsStreamTest, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(TlsStreamTest, CarriesBytesBothWays) {
  TestConnection connection = Connected();
  EXPECT_EQ(Up(connection, "hello"), "hello");
  EXPECT_EQ(Down(connection, "world"), "world");
  const std::string large = Pattern(300'000, 1);
  EXPECT_EQ(Up(connection, large), large);
  EXPECT_EQ(Down(connection, large), large);
}

TEST_P(TlsStreamTest, TellsTheFactsOfTheHandshake) {
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

TEST_P(TlsStreamTest, WorksWithPiecesOfAnySize) {
  const std::string bytes = Pattern(17'000, 2);
  for (const auto& pieces : std::vector<std::vector<size_t>>{{1}, {2}, {5}, {1, 4, 100, 3}, {1000}, {0, 1, 0, 7}, {16'384}}) {
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

TEST_P(TlsStreamTest, KeepsBytesThatComeWithTheLastMessageOfTheHandshake) {
  TestConnection connection = Prepare(*context_, Client());
  const auto run = [](TlsStream& server, IoResult& result) -> Task<void> {
    result = co_await server.Handshake(Clock::now() + kGuard);
  };
  Start(run(*connection.server, connection.result));
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

TEST_P(TlsStreamTest, ReadsLittleBehindTheHandshake) {
  TestConnection connection = Prepare(*context_, Client());
  const auto run = [](TlsStream& server, IoResult& result) -> Task<void> {
    result = co_await server.Handshake(Clock::now() + kGuard);
  };
  Start(run(*connection.server, connection.result));
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
  EXPECT_GE(rest.bytes, kMegabyte - 32 * 1024);
}

TEST_P(TlsStreamTest, TheHandshakeEndsAtItsDeadline) {
  TestConnection connection = Prepare(*context_, Client());
  connection.client->Handshake();
  connection.wire->Send(connection.client->TakeOutput().substr(0, 50));
  const IoResult result = Run(connection.server->Handshake(Clock::now() + std::chrono::milliseconds(30)));
  EXPECT_EQ(result.error, IoError::kTimedOut);
  EXPECT_EQ(connection.server->handshake_failure(), nullptr);
}

TEST_P(TlsStreamTest, TheHandshakeEndsWhenItIsCancelled) {
  TestConnection connection = Prepare(*context_, Client());
  const auto run = [](TlsStream& server, IoResult& result) -> Task<void> {
    result = co_await server.Handshake(Clock::now() + kGuard);
  };
  Start(run(*connection.server, connection.result));
  Unwind();
  EXPECT_EQ(connection.result.error, IoError::kCancelled);
}

TEST_P(TlsStreamTest, AnEndOrResetWithinTheHandshakeIsNoProtocolError) {
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

TEST_P(TlsStreamTest, AHandshakeThroughABlockedWriterGoesOnWhenTheReaderReads) {
  for (const size_t capacity : {1, 100, 1000}) {
    TestConnection connection = Prepare(*context_, Client());
    connection.near_wire->SetWriteCapacity(capacity);
    Handshake(connection);
    EXPECT_TRUE(connection.ok()) << capacity << connection.failure().details;
  }
}

TEST_P(TlsStreamTest, AHandshakeOverAStreamThatHoldsWritesFlushesIt) {
  TestConnection connection = Prepare(*context_, Client());
  connection.near_wire->SetHoldsWrites(true);
  connection.near_wire->SetWriteCapacity(64);
  Handshake(connection);
  EXPECT_TRUE(connection.ok()) << connection.failure().details;
  EXPECT_EQ(Down(connection, "hello"), "hello");
}

TEST_P(TlsStreamTest, SomethingElseThanTlsIsRefused) {
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

TEST_P(TlsStreamTest, AnAlertThatCouldNotGoAtOnceGoesWithTheShutdown) {
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

TEST_P(TlsStreamTest, CloseNotifyOfTheClientIsAnEndAndWritingGoesOn) {
  TestConnection connection = Connected();
  connection.client->Write("last words");
  connection.client->SendCloseNotify();
  connection.wire->Send(connection.client->TakeOutput());
  connection.wire->SendEnd();
  const ReadResult read = ReadAll(*connection.server);
  EXPECT_EQ(read.bytes, "last words");
  EXPECT_TRUE(read.end.ended());
  EXPECT_TRUE(ReadOne(*connection.server).ended()) << "again and again";
  EXPECT_EQ(Down(connection, Pattern(100'000, 4)), Pattern(100'000, 4));
  EXPECT_FALSE(connection.client->received_close_notify());
}

TEST_P(TlsStreamTest, CloseNotifyCountsBeforeTheConnectionEnds) {
  TestConnection connection = Connected();
  connection.client->SendCloseNotify();
  connection.wire->Send(connection.client->TakeOutput());
  EXPECT_TRUE(ReadOne(*connection.server).ended());
}

TEST_P(TlsStreamTest, ShutdownSendsCloseNotifyThenTheEndAndReadingGoesOn) {
  TestConnection connection = Connected();
  EXPECT_TRUE(connection.server->TryWrite(std::string_view("answer")).ok());
  EXPECT_TRUE(connection.server->TryShutdownWrite().ok());
  EXPECT_TRUE(connection.wire->received_end());
  EXPECT_EQ(Got(connection), "answer");
  EXPECT_TRUE(connection.client->received_close_notify());
  EXPECT_TRUE(connection.server->TryWrite(std::string_view("x")).failed());
  connection.client->Write("still here");
  connection.wire->Send(connection.client->TakeOutput());
  EXPECT_EQ(ReadAll(*connection.server).bytes, "still here");
  EXPECT_TRUE(connection.server->TryShutdownWrite().ok()) << "again";
  EXPECT_EQ(connection.wire->Received(), "");
}

TEST_P(TlsStreamTest, ShutdownWaitsForWhatIsNotSentYet) {
  TestConnection connection = Connected();
  const std::string bytes = Pattern(20'000, 5);
  connection.near_wire->SetWriteCapacity(1000);
  EXPECT_EQ(connection.server->TryWrite(bytes).bytes, bytes.size());
  std::string got;
  RunUntil([&] {
    const IoResult result = connection.server->TryShutdownWrite();
    EXPECT_FALSE(result.failed());
    got += Got(connection);
    return result.ok();
  });
  got += Got(connection);
  EXPECT_EQ(got, bytes);
  EXPECT_TRUE(connection.client->received_close_notify());
}

TEST_P(TlsStreamTest, AnEndWithoutCloseNotifyIsATruncation) {
  TestConnection connection = Connected();
  connection.client->Write("half of it");
  std::string sealed = connection.client->TakeOutput();
  connection.wire->Send(sealed);
  connection.wire->SendEnd();
  const ReadResult read = ReadAll(*connection.server);
  EXPECT_EQ(read.bytes, "half of it");
  EXPECT_EQ(read.end.error, IoError::kTruncated);
  EXPECT_EQ(ReadOne(*connection.server).error, IoError::kTruncated) << "again and again";
}

TEST_P(TlsStreamTest, AnEndWithinARecordIsATruncation) {
  TestConnection connection = Connected();
  connection.client->Write("whole");
  connection.wire->Send(connection.client->TakeOutput());
  connection.client->Write("cut off");
  const std::string sealed = connection.client->TakeOutput();
  connection.wire->Send(sealed.substr(0, sealed.size() - 1));
  connection.wire->SendEnd();
  const ReadResult read = ReadAll(*connection.server);
  EXPECT_EQ(read.bytes, "whole");
  EXPECT_EQ(read.end.error, IoError::kTruncated);
}

TEST_P(TlsStreamTest, AResetIsAReset) {
  TestConnection connection = Connected();
  connection.wire->SendError(IoError::kReset);
  EXPECT_EQ(ReadOne(*connection.server).error, IoError::kReset);
}

TEST_P(TlsStreamTest, AbortResetsTheConnection) {
  TestConnection connection = Connected();
  connection.server->Abort();
  EXPECT_TRUE(connection.wire->received_reset());
}

TEST_P(TlsStreamTest, AForgedRecordIsAnErrorBehindTheGoodBytesAndIsAnsweredByAnAlert) {
  TestConnection connection = Connected();
  Got(connection);
  connection.client->Write("good");
  std::string sealed = connection.client->TakeOutput();
  connection.client->Write("forged");
  std::string forged = connection.client->TakeOutput();
  forged.back() ^= 1;
  connection.wire->Send(sealed + forged);
  const ReadResult read = ReadAll(*connection.server);
  EXPECT_EQ(read.bytes, "good");
  EXPECT_EQ(read.end.error, IoError::kProtocol);
  Got(connection);
  EXPECT_EQ(connection.client->error(), "sslv3 alert bad record mac");
  EXPECT_EQ(ReadOne(*connection.server).error, IoError::kProtocol);
  EXPECT_EQ(ERR_peek_error(), 0);
}

TEST_P(TlsStreamTest, SmallReadsGetEverythingWithoutWaitingForMore) {
  TestConnection connection = Connected();
  const std::string bytes = Pattern(70'000, 6);
  connection.client->Write(bytes);
  connection.wire->Send(connection.client->TakeOutput());
  std::string got;
  char one[7];
  while (true) {
    const IoResult result = connection.server->TryRead(one);
    if (!result.ok()) {
      EXPECT_TRUE(result.would_block());
      break;
    }
    got.append(one, result.bytes);
  }
  EXPECT_EQ(got, bytes);
}

TEST_P(TlsStreamTest, AReadOpensManyRecordsAtOnce) {
  TestConnection connection = Connected();
  const std::string bytes = Pattern(200'000, 7);
  connection.client->Write(bytes);
  connection.wire->Send(connection.client->TakeOutput());
  std::string got(256 * 1024, '\0');
  EXPECT_EQ(connection.server->TryRead(got).bytes, bytes.size());
  EXPECT_EQ(got.substr(0, bytes.size()), bytes);
}

TEST_P(TlsStreamTest, MegabytesReachASlowReaderWithBoundedMemory) {
  TestConnection connection = Connected();
  connection.near_wire->SetWriteCapacity(10'000);
  const std::string bytes = Pattern(4 * kMegabyte, 8);
  size_t written = 0;
  std::string got;
  size_t most_held = 0;
  RunUntil([&] {
    // As a pump does: as much as is taken, then what is held back must go first.
    const std::string_view left = std::string_view(bytes).substr(written, net::Scratch::kPieceSize);
    const IoResult result = left.empty() ? connection.server->TryFlush() : connection.server->TryWrite(left);
    EXPECT_FALSE(result.failed());
    if (result.ok()) written += result.bytes;
    got += Got(connection);
    most_held = std::max(most_held, written - got.size());
    return got.size() >= bytes.size();
  });
  EXPECT_EQ(got, bytes);
  EXPECT_LE(most_held, net::Scratch::kPieceSize + 32 * 1024);
}

TEST_P(TlsStreamTest, ManyRecordsLeaveInOneWriteOfTheInnerStream) {
  TestConnection connection = Connected();
  const std::string bytes = Pattern(net::Scratch::kPieceSize, 9);
  // The first call takes everything, a second would find the stream blocked.
  connection.near_wire->SetWritePieces({10 * kMegabyte, 0});
  EXPECT_EQ(connection.server->TryWrite(bytes).bytes, bytes.size());
  EXPECT_EQ(Got(connection), bytes);
}

TEST_P(TlsStreamTest, AStreamThatWaitsHoldsNoScratchBuffer) {
  TestConnection connection = Prepare(*context_, Client());
  // The buffers are borrowed, last in first out: the one on top is back whenever nobody works.
  const auto top = [this] { return net::BufferPool::Lease(loop_.scratch().buffers).bytes().data(); };
  const char* buffer = top();
  const auto run = [](TlsStream& server, IoResult& result) -> Task<void> {
    result = co_await server.Handshake(Clock::now() + kGuard);
  };
  Start(run(*connection.server, connection.result));
  RunUntil([&] {
    EXPECT_EQ(top(), buffer);
    connection.client->Exchange(*connection.wire);
    return running() == 0;
  });
  connection.client->Exchange(*connection.wire);
  connection.client->Write("hello");
  const std::string sealed = connection.client->TakeOutput();
  connection.wire->Send(sealed.substr(0, 10));
  EXPECT_TRUE(ReadOne(*connection.server).would_block());
  EXPECT_EQ(top(), buffer);
  connection.wire->Send(sealed.substr(10));
  EXPECT_EQ(ReadAll(*connection.server).bytes, "hello");
  EXPECT_EQ(top(), buffer);
  connection.near_wire->SetWriteCapacity(10);
  EXPECT_TRUE(connection.server->TryWrite(Pattern(1000, 1)).ok());
  EXPECT_TRUE(connection.server->TryFlush().would_block());
  EXPECT_EQ(top(), buffer);
}

TEST_P(TlsStreamTest, AnIdleConnectionIsSmall) {
  constexpr int kMany = 300;
  std::vector<TestConnection> connections;
  for (int i = 0; i < kMany; ++i) {
    TestConnection& connection = connections.emplace_back(Connected());
    Up(connection, Pattern(50'000, 10));
    Down(connection, Pattern(50'000, 10));
    connection.client.reset();
  }
  const size_t before = mallinfo2().uordblks;
  for (TestConnection& connection : connections) connection.server.reset();
  const size_t each = (before - mallinfo2().uordblks) / kMany;
  EXPECT_LT(each, 4000);
}

TEST_F(TlsFixture, FollowsAndAnswersTheKeyUpdatesOfThePeer) {
  const auto context = ContextOf(DefaultOptions());
  TestConnection connection = Connect(*context, {.minimum_version = TLS1_3_VERSION});
  for (int i = 0; i < 5; ++i) {
    connection.client->UpdateKey();
    EXPECT_EQ(Up(connection, "with the new key"), "with the new key");
    EXPECT_EQ(Down(connection, "answer"), "answer");
    EXPECT_EQ(connection.client->error(), "");
  }
}

TEST_F(TlsFixture, RenegotiationIsRefused) {
  const auto context = ContextOf(DefaultOptions());
  TestConnection connection = Connect(*context, {.maximum_version = TLS1_2_VERSION});
  // A client of BoringSSL would not: any handshake message at this point is one.
  std::string hello("\x01\x00\x00\x02\x03\x03", 6);
  connection.wire->Send(std::string("\x16\x03\x03\x00\x06", 5) + hello);
  EXPECT_EQ(ReadAll(*connection.server).end.error, IoError::kProtocol);
}

// TLS within TLS: the client end of the project inside the server end of the project, and the other way round.
TEST_F(TlsFixture, WorksOverItself) {
  const auto outer_context = ContextOf(DefaultOptions());
  const auto inner_context = ContextOf(DefaultOptions());
  for (const size_t piece : {size_t{1000}, 100 * kMegabyte}) {
    auto [near, far] = FakeStream::MakePair();
    near->SetWriteCapacity(piece);
    far->SetWriteCapacity(piece);
    const UniquePtr<SSL_CTX> client_context(SSL_CTX_new(TLS_method()));
    const auto client = [&](net::StreamPtr under) {
      UniquePtr<SSL> ssl(SSL_new(client_context.get()));
      SSL_set_connect_state(ssl.get());
      return std::make_unique<TlsStream>(std::move(ssl), std::move(under), loop_.scratch());
    };
    const auto server = [&](const ServerContext& context, net::StreamPtr under) {
      return std::make_unique<TlsStream>(context.NewSsl(), std::move(under), loop_.scratch());
    };
    const auto shake = [](TlsStream& stream) -> Task<void> {
      const IoResult result = co_await stream.Handshake(Clock::now() + kGuard);
      EXPECT_TRUE(result.ok()) << net::ToToken(result.error);
    };
    const auto settle = [&] { ASSERT_TRUE(RunUntil([this] { return running() == 0; })); };
    auto outer_server = server(*outer_context, std::move(near));
    auto outer_client = client(std::move(far));
    Start(shake(*outer_server));
    Start(shake(*outer_client));
    settle();
    auto inner_server = server(*inner_context, std::move(outer_server));
    auto inner_client = client(std::move(outer_client));
    Start(shake(*inner_server));
    Start(shake(*inner_client));
    settle();
    const std::string bytes = Pattern(3 * kMegabyte, 11);
    const auto send = [](net::Stream& stream, const std::string& all) -> Task<void> {
      EXPECT_TRUE((co_await net::WriteAll(stream, all, Clock::now() + kGuard)).ok());
      EXPECT_TRUE((co_await net::ShutdownWrite(stream, Clock::now() + kGuard)).ok());
    };
    const auto receive = [](net::Stream& stream, std::string& all) -> Task<void> {
      std::array<char, 9000> part;
      while (true) {
        const IoResult result = co_await net::Read(stream, part, Clock::now() + kGuard);
        if (!result.ok()) {
          EXPECT_TRUE(result.ended()) << net::ToToken(result.error);
          co_return;
        }
        all.append(part.data(), result.bytes);
      }
    };
    std::string up;
    std::string down;
    Start(send(*inner_client, bytes));
    Start(receive(*inner_server, up));
    settle();
    Start(send(*inner_server, bytes));
    Start(receive(*inner_client, down));
    settle();
    EXPECT_TRUE(up == bytes);
    EXPECT_TRUE(down == bytes);
  }
}

}  // namespace
}  // namespace culvert::tls
