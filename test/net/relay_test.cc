#include "source/net/relay.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/net/stream_io.h"
#include "test/fakes/fake_stream.h"
#include "test/net/test_util.h"

namespace culvert::net {
namespace {

using fakes::FakeStream;
using std::chrono::milliseconds;

// client <-> downstream | relay | upstream <-> server; all ends on one loop.
struct Tunnel {
  explicit Tunnel(EventLoop& loop) {
    FdPair down = TcpPair();
    FdPair up = TcpPair();
    client = SocketStream::Create(loop, std::move(down.first));
    downstream = SocketStream::Create(loop, std::move(down.second));
    upstream = SocketStream::Create(loop, std::move(up.first));
    server = SocketStream::Create(loop, std::move(up.second));
  }
  std::unique_ptr<SocketStream> client;
  std::unique_ptr<SocketStream> downstream;
  std::unique_ptr<SocketStream> upstream;
  std::unique_ptr<SocketStream> server;
  RelayOptions options;
  std::optional<RelayResult> result;
};

// As a filter does: the streams are gone when the relay is over.
Task<void> RunRelay(Tunnel& tunnel) {
  tunnel.result = co_await Relay(*tunnel.downstream, *tunnel.upstream, tunnel.options);
  tunnel.downstream.reset();
  tunnel.upstream.reset();
}

Task<void> SendAndEnd(SocketStream& stream, const std::string& data, bool& ok) {
  const IoResult written = co_await WriteAll(stream, data, kNever);
  const IoResult ended = co_await ShutdownWrite(stream, kNever);
  ok = written.ok() && ended.ok();
}

// Reads to the end, `piece` bytes at a time with a pause of `pause` after each.
Task<void> ReceiveAll(SocketStream& stream, size_t piece, Duration pause, std::string& received,
                      std::optional<IoResult>& end) {
  std::string buffer(piece, '\0');
  while (true) {
    const IoResult result = co_await Read(stream, buffer, kNever);
    if (!result.ok()) {
      end = result;
      co_return;
    }
    received.append(buffer, 0, result.bytes);
    if (pause > Duration::zero()) co_await SleepUntil(Clock::now() + pause);
  }
}

class RelayTest : public LoopFixture {
 protected:
  void StartRelay() { Start(RunRelay(tunnel_)); }

  std::string ReadSome(SocketStream& stream) {
    std::string buffer(64 * 1024, '\0');
    const IoResult result = Run(Read(stream, buffer, Clock::now() + kGuard));
    if (result.ended()) return "<end>";
    if (!result.ok()) return "<" + std::string(ToToken(result.error)) + ">";
    return buffer.substr(0, result.bytes);
  }
  void Write(SocketStream& stream, std::string_view data) {
    EXPECT_TRUE(Run(WriteAll(stream, data, kNever)).ok());
  }
  void ExpectTransfer(size_t up_size, size_t down_size, size_t server_piece, Duration pause);
  // Runs both ways until nothing moves any more: `upstream` is full and the server does not read.
  void Jam();
  void AwaitResult() {
    RunUntil([this] { return tunnel_.result.has_value() && running() == 0; });
  }
  size_t pipes_in_use() { return loop_.scratch().pipes.in_use(); }

  Tunnel tunnel_{loop_};
  SocketStream& client_ = *tunnel_.client;
  SocketStream& server_ = *tunnel_.server;
};

void RelayTest::ExpectTransfer(size_t up_size, size_t down_size, size_t server_piece,
                               Duration pause) {
  const std::string up = Pattern(up_size, 1);
  const std::string down = Pattern(down_size, 2);
  std::string at_server;
  std::string at_client;
  std::optional<IoResult> server_end;
  std::optional<IoResult> client_end;
  bool client_ok = false;
  bool server_ok = false;
  uint64_t counted_up = 0;
  uint64_t counted_down = 0;
  tunnel_.options.downstream_to_upstream = &counted_up;
  tunnel_.options.upstream_to_downstream = &counted_down;
  StartRelay();
  Start(SendAndEnd(client_, up, client_ok));
  Start(SendAndEnd(server_, down, server_ok));
  Start(ReceiveAll(server_, server_piece, pause, at_server, server_end));
  Start(ReceiveAll(client_, 256 * 1024, Duration::zero(), at_client, client_end));
  if (!RunUntil([&] { return running() == 0; }, std::chrono::seconds(60))) Unwind();
  EXPECT_TRUE(at_server == up) << at_server.size();
  EXPECT_TRUE(at_client == down) << at_client.size();
  EXPECT_TRUE(client_ok && server_ok);
  EXPECT_TRUE(server_end && server_end->ended());
  EXPECT_TRUE(client_end && client_end->ended());
  ASSERT_TRUE(tunnel_.result);
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kFinished);
  EXPECT_EQ(counted_up, up_size);
  EXPECT_EQ(counted_down, down_size);
  EXPECT_EQ(pipes_in_use(), 0);
}

TEST_F(RelayTest, CarriesBulkBothWaysAtOnce) {
  ExpectTransfer(48 << 20, 48 << 20, 256 * 1024, Duration::zero());
}

TEST_F(RelayTest, CarriesBulkToASlowReceiver) {
  ShrinkBuffers(server_.fd());
  ExpectTransfer(6 << 20, 0, 32 * 1024, milliseconds(1));
}

TEST_F(RelayTest, CarriesBulkToAReceiverThatPausesLongerThanAPipeIsKept) {
  ExpectTransfer(24 << 20, 1000, 1 << 20, milliseconds(30));
}

TEST_F(RelayTest, CarriesNothingButTheEnds) { ExpectTransfer(0, 0, 1000, Duration::zero()); }

TEST_F(RelayTest, CarriesBytesAfterTheClientHasEnded) {
  StartRelay();
  Write(client_, "question");
  Run(ShutdownWrite(client_, kNever));
  EXPECT_EQ(ReadSome(server_), "question");
  EXPECT_EQ(ReadSome(server_), "<end>");
  EXPECT_FALSE(tunnel_.result);
  Write(server_, "answer");
  EXPECT_EQ(ReadSome(client_), "answer");
  Run(ShutdownWrite(server_, kNever));
  EXPECT_EQ(ReadSome(client_), "<end>");
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kFinished);
}

TEST_F(RelayTest, CarriesBytesAfterTheServerHasEnded) {
  StartRelay();
  Run(ShutdownWrite(server_, kNever));
  EXPECT_EQ(ReadSome(client_), "<end>");
  Write(client_, "more");
  EXPECT_EQ(ReadSome(server_), "more");
  Run(ShutdownWrite(client_, kNever));
  EXPECT_EQ(ReadSome(server_), "<end>");
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kFinished);
}

TEST_F(RelayTest, AHalfClosedTunnelThatIsQuietCostsNothing) {
  StartRelay();
  Run(ShutdownWrite(client_, kNever));
  EXPECT_EQ(ReadSome(server_), "<end>");
  EXPECT_LE(CountRounds(milliseconds(100)), 5);
  Unwind();
}

TEST_F(RelayTest, ABytesPushedBackBeforeTheRelayArriveFirst) {
  tunnel_.downstream->PushBack(std::string_view("early "));
  Write(client_, "late");
  StartRelay();
  std::string got = ReadSome(server_);
  if (got == "early ") got += ReadSome(server_);
  EXPECT_EQ(got, "early late");
  Unwind();
}

TEST_F(RelayTest, AResetOfTheClientIsAResetToTheServer) {
  StartRelay();
  Write(client_, "abc");
  EXPECT_EQ(ReadSome(server_), "abc");
  tunnel_.client->Abort();
  tunnel_.client.reset();
  EXPECT_EQ(ReadSome(server_), "<reset>");
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kDownstreamFailed);
  EXPECT_EQ(tunnel_.result->error, IoError::kReset);
}

TEST_F(RelayTest, AResetOfTheServerIsAResetToTheClient) {
  StartRelay();
  Write(client_, "abc");
  EXPECT_EQ(ReadSome(server_), "abc");
  tunnel_.server->Abort();
  tunnel_.server.reset();
  EXPECT_EQ(ReadSome(client_), "<reset>");
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kUpstreamFailed);
  EXPECT_EQ(tunnel_.result->error, IoError::kReset);
}

TEST_F(RelayTest, ASilentTunnelEndsAfterItsIdleTimeout) {
  tunnel_.options.idle_timeout = milliseconds(40);
  const TimePoint start = loop_.now();
  StartRelay();
  EXPECT_EQ(ReadSome(client_), "<reset>");
  EXPECT_GE(Clock::now() - start, milliseconds(40));
  EXPECT_EQ(ReadSome(server_), "<reset>");
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kIdle);
}

Task<void> Chat(SocketStream& stream, Duration pause, int times) {
  for (int i = 0; i < times; ++i) {
    co_await WriteAll(stream, "x", kNever);
    co_await SleepUntil(Clock::now() + pause);
  }
}

TEST_F(RelayTest, BytesOfEitherSideKeepATunnelFromBeingIdle) {
  tunnel_.options.idle_timeout = milliseconds(200);
  StartRelay();
  for (SocketStream* side : {&client_, &server_}) {
    Run(Chat(*side, milliseconds(20), 15));
    EXPECT_FALSE(tunnel_.result);
  }
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kIdle);
}

TEST_F(RelayTest, EndsAtItsLifetimeWhereItIsQuiet) {
  tunnel_.options.end = Clock::now() + milliseconds(40);
  StartRelay();
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kLifetime);
  EXPECT_GE(Clock::now(), tunnel_.options.end);
}

// Never stops, and never waits.
Task<void> Flood(FakeStream& stream, const bool& over) {
  const std::string data(1 << 20, 'x');
  while (!over) {
    while (stream.Received().size() > 0) {
    }
    for (int i = 0; i < 8; ++i) stream.Send(data);
    co_await Yield();
  }
}

// Streams that are always readable and writable.
class FloodedRelayTest : public LoopFixture {
 protected:
  RelayResult RelayFlood(RelayOptions options) {
    auto client = FakeStream::MakePair();
    auto server = FakeStream::MakePair();
    bool over = false;
    Start(Flood(*client.first, over));
    Start(Flood(*server.second, over));
    const RelayResult result = Run(Relay(*client.second, *server.first, options));
    over = true;
    RunUntil([this] { return running() == 0; });
    return result;
  }
};

TEST_F(FloodedRelayTest, EndsAtItsLifetimeHoweverMuchFlows) {
  RelayOptions options;
  options.end = Clock::now() + milliseconds(50);
  EXPECT_EQ(RelayFlood(options).end, RelayEnd::kLifetime);
}

TEST_F(FloodedRelayTest, EndsWhenCancelledHoweverMuchFlows) {
  Start([](Scope& scope) -> Task<void> {
    co_await SleepUntil(Clock::now() + milliseconds(50));
    scope.Cancel(CancelReason::kKilled);
  }(scope_));
  EXPECT_EQ(RelayFlood({}).end, RelayEnd::kCancelled);
}

void RelayTest::Jam() {
  ShrinkBuffers(server_.fd());
  const std::string piece(256 * 1024, 'x');
  int quiet = 0;
  uint64_t before = 0;
  uint64_t sent = 0;
  RunUntil([&] {
    const IoResult result = client_.TryWrite(piece);
    sent += result.bytes;
    quiet = sent == before ? quiet + 1 : 0;
    before = sent;
    return quiet == 10;
  });
}

TEST_F(RelayTest, ATunnelWhoseReceiverTakesNothingCostsNothingAndHoldsNoPipe) {
  StartRelay();
  Jam();
  CountRounds(milliseconds(60));
  EXPECT_LE(CountRounds(milliseconds(200)), 5);
  EXPECT_EQ(pipes_in_use(), 0);
  Unwind();
}

TEST_F(RelayTest, ATunnelWhoseReceiverTakesNothingIsIdle) {
  tunnel_.options.idle_timeout = milliseconds(300);
  StartRelay();
  Jam();
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kIdle);
}

TEST_F(RelayTest, AnEndBehindAFullReceiverCostsNothing) {
  StartRelay();
  Jam();
  Run(ShutdownWrite(client_, kNever));
  Run(ShutdownWrite(server_, kNever));
  EXPECT_EQ(ReadSome(client_), "<end>");
  CountRounds(milliseconds(60));
  EXPECT_LE(CountRounds(milliseconds(100)), 5);
  EXPECT_FALSE(tunnel_.result);
  Unwind();
}

TEST_F(RelayTest, GivesItsPipesBackWhenItFallsQuiet) {
  StartRelay();
  const std::string data = Pattern(8 << 20, 5);
  std::string received;
  std::optional<IoResult> end;
  bool took_pipe = false;
  Start(ReceiveAll(server_, 256 * 1024, Duration::zero(), received, end));
  Start([](SocketStream& stream, const std::string& bytes) -> Task<void> {
    co_await WriteAll(stream, bytes, kNever);
  }(client_, data));
  RunUntil([&] {
    took_pipe |= pipes_in_use() > 0;
    return received.size() == data.size();
  });
  EXPECT_TRUE(took_pipe);
  RunUntil([&] { return pipes_in_use() == 0; });
  EXPECT_LE(CountRounds(milliseconds(100)), 5);
  EXPECT_TRUE(received == data);
  Unwind();
}

TEST_F(RelayTest, CancelEndsItAndResetsBothSides) {
  StartRelay();
  Write(client_, "abc");
  EXPECT_EQ(ReadSome(server_), "abc");
  Scope& scope = scope_;
  scope.Cancel(CancelReason::kKilled);
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kCancelled);
  char byte;
  RunUntil([&] { return client_.TryRead({&byte, 1}).error == IoError::kReset; });
  RunUntil([&] { return server_.TryRead({&byte, 1}).error == IoError::kReset; });
}

Task<void> CountedRelay(std::unique_ptr<Tunnel> tunnel, int& live) {
  ++live;
  co_await Relay(*tunnel->downstream, *tunnel->upstream, tunnel->options);
  --live;
}

Task<void> ReceiveQuietly(SocketStream& stream) {
  std::string buffer(256 * 1024, '\0');
  while (true) {
    const IoResult result = co_await Read(stream, buffer, kNever);
    if (!result.ok()) co_return;
  }
}

Task<void> SendForEver(SocketStream& stream) {
  const std::string data(1 << 20, 'x');
  while (true) {
    const IoResult result = co_await WriteAll(stream, data, kNever);
    if (!result.ok()) co_return;
  }
}

TEST_F(RelayTest, CancellingManyBusyTunnelsFreesEverything) {
  const int fds = CountOpenFds();
  int live = 0;
  {
    std::vector<std::unique_ptr<SocketStream>> ends;
    for (int i = 0; i < 60; ++i) {
      auto tunnel = std::make_unique<Tunnel>(loop_);
      ends.push_back(std::move(tunnel->client));
      ends.push_back(std::move(tunnel->server));
      Start(CountedRelay(std::move(tunnel), live));
      // A third each: quiet, flowing, and stuck behind a receiver that does not read.
      if (i % 3 == 0) continue;
      Start(SendForEver(*ends[2 * i]));
      if (i % 3 == 1) Start(ReceiveQuietly(*ends[2 * i + 1]));
    }
    EXPECT_EQ(live, 60);
    CountRounds(milliseconds(50));
    Unwind(CancelReason::kShutdown);
    EXPECT_EQ(live, 0);
    EXPECT_EQ(pipes_in_use(), 0);
  }
  // The pool keeps a few.
  EXPECT_LE(CountOpenFds(), fds + 32);
}

TEST_F(RelayTest, ManyTunnelsShareALoopFairly) {
  // Eight of them flow without end; forty others do round trips meanwhile.
  std::vector<std::unique_ptr<Tunnel>> tunnels;
  for (int i = 0; i < 48; ++i) {
    tunnels.push_back(std::make_unique<Tunnel>(loop_));
    Tunnel& tunnel = *tunnels.back();
    Start(RunRelay(tunnel));
    if (i < 8) {
      Start(SendForEver(*tunnel.client));
      Start(ReceiveQuietly(*tunnel.server));
    }
  }
  for (int round = 0; round < 5; ++round) {
    for (size_t i = 8; i < tunnels.size(); ++i) Write(*tunnels[i]->client, "ping");
    for (size_t i = 8; i < tunnels.size(); ++i) {
      EXPECT_EQ(ReadSome(*tunnels[i]->server), "ping");
      Write(*tunnels[i]->server, "pong");
    }
    for (size_t i = 8; i < tunnels.size(); ++i) EXPECT_EQ(ReadSome(*tunnels[i]->client), "pong");
  }
  Unwind();
  EXPECT_EQ(pipes_in_use(), 0);
}

// Over streams that are no sockets.
class FakeRelayTest : public LoopFixture {
 protected:
  std::pair<fakes::FakeStreamPtr, fakes::FakeStreamPtr> client_ = FakeStream::MakePair();
  std::pair<fakes::FakeStreamPtr, fakes::FakeStreamPtr> server_ = FakeStream::MakePair();
  FakeStream& downstream_ = *client_.second;
  FakeStream& upstream_ = *server_.first;
};

TEST_F(FakeRelayTest, RemembersWhichSideWasTruncated) {
  client_.first->SendError(IoError::kTruncated);
  server_.second->SendEnd();
  const RelayResult result = Run(Relay(downstream_, upstream_, {}));
  EXPECT_EQ(result.end, RelayEnd::kFinished);
  EXPECT_TRUE(result.downstream_truncated);
  EXPECT_FALSE(result.upstream_truncated);
}

TEST_F(FakeRelayTest, ACleanEndAbortsNeitherSideAndAFailureBoth) {
  client_.first->SendEnd();
  server_.second->SendEnd();
  EXPECT_EQ(Run(Relay(downstream_, upstream_, {})).end, RelayEnd::kFinished);
  EXPECT_FALSE(downstream_.aborted() || upstream_.aborted());
  client_.first->SendError(IoError::kReset);
  EXPECT_EQ(Run(Relay(downstream_, upstream_, {})).end, RelayEnd::kDownstreamFailed);
  EXPECT_TRUE(downstream_.aborted() && upstream_.aborted());
}

TEST_F(FakeRelayTest, NamesTheSideThatFailedToTakeBytes) {
  client_.first->Send("abc");
  server_.second.reset();
  const RelayResult result = Run(Relay(downstream_, upstream_, {}));
  EXPECT_EQ(result.end, RelayEnd::kUpstreamFailed);
  EXPECT_EQ(result.error, IoError::kReset);
}

TEST_F(FakeRelayTest, EndsAtOnceInAScopeThatIsCancelled) {
  scope_.Cancel(CancelReason::kDrained);
  client_.first->Send("abc");
  EXPECT_EQ(Run(Relay(downstream_, upstream_, {})).end, RelayEnd::kCancelled);
}

}  // namespace
}  // namespace culvert::net
