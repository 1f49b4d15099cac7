#include <chrono>
#include <string>
#include <utility>

#include "source/net/relay.h"
#include "source/net/stream_io.h"
#include "test/fakes/fake_stream.h"
#include "test/net/relay_fixture.h"

namespace culvert::net {
namespace {

using fakes::FakeStream;
using std::chrono::milliseconds;

class RelayEndTest : public RelayFixture {};

TEST_F(RelayEndTest, ASilentTunnelEndsAfterItsIdleTimeout) {
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

TEST_F(RelayEndTest, BytesOfEitherSideKeepATunnelFromBeingIdle) {
  tunnel_.options.idle_timeout = milliseconds(200);
  StartRelay();
  for (SocketStream* side : {&client_, &server_}) {
    Run(Chat(*side, milliseconds(20), 15));
    EXPECT_FALSE(tunnel_.result);
  }
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kIdle);
}

TEST_F(RelayEndTest, EndsAtItsLifetimeWhereItIsQuiet) {
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

TEST_F(RelayEndTest, ATunnelWhoseReceiverTakesNothingIsIdle) {
  tunnel_.options.idle_timeout = milliseconds(300);
  StartRelay();
  Jam();
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kIdle);
}

TEST_F(RelayEndTest, CancelEndsItAndResetsBothSides) {
  StartRelay();
  Write(client_, "abc");
  EXPECT_EQ(ReadSome(server_), "abc");
  scope_.Cancel(CancelReason::kKilled);
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kCancelled);
  char byte;
  RunUntil([&] { return client_.TryRead({&byte, 1}).error == IoError::kReset; });
  RunUntil([&] { return server_.TryRead({&byte, 1}).error == IoError::kReset; });
}

TEST_F(RelayEndTest, IsOverAtOnceInAScopeThatIsCancelled) {
  Write(client_, "abc");
  scope_.Cancel(CancelReason::kDrained);
  StartRelay();
  AwaitResult();
  EXPECT_EQ(tunnel_.result->end, RelayEnd::kCancelled);
}

}  // namespace
}  // namespace culvert::net
