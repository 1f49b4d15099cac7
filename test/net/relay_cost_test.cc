#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/net/relay.h"
#include "source/net/stream_io.h"
#include "test/net/relay_fixture.h"

namespace culvert::net {
namespace {

using std::chrono::milliseconds;

class RelayCostTest : public RelayFixture {};

TEST_F(RelayCostTest, AHalfClosedTunnelThatIsQuietCostsNothing) {
  StartRelay();
  Run(ShutdownWrite(client_, kNever));
  EXPECT_EQ(ReadSome(server_), "<end>");
  EXPECT_TRUE(FallsQuiet());
  Unwind();
}

TEST_F(RelayCostTest, ATunnelWhoseReceiverTakesNothingCostsNothingAndHoldsNoPipe) {
  StartRelay();
  Jam();
  EXPECT_TRUE(FallsQuiet());
  EXPECT_EQ(pipes_in_use(), 0);
  Unwind();
}

TEST_F(RelayCostTest, AnEndBehindAFullReceiverCostsNothing) {
  StartRelay();
  Jam();
  Run(ShutdownWrite(client_, kNever));
  Run(ShutdownWrite(server_, kNever));
  EXPECT_EQ(ReadSome(client_), "<end>");
  EXPECT_TRUE(FallsQuiet());
  EXPECT_FALSE(tunnel_.result);
  Unwind();
}

TEST_F(RelayCostTest, GivesItsPipesBackWhenItFallsQuiet) {
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
  EXPECT_TRUE(FallsQuiet());
  EXPECT_TRUE(received == data);
  Unwind();
}

Task<void> CountedRelay(std::unique_ptr<Tunnel> tunnel, int& live) {
  ++live;
  co_await Relay(*tunnel->downstream, *tunnel->upstream, tunnel->options);
  --live;
}

TEST_F(RelayCostTest, CancellingManyBusyTunnelsFreesEverything) {
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
      if (i % 3 == 1) Start(ReceiveAndForget(*ends[2 * i + 1]));
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

TEST_F(RelayCostTest, ManyTunnelsShareALoopFairly) {
  // Eight of them flow without end; forty others do round trips meanwhile.
  std::vector<std::unique_ptr<Tunnel>> tunnels;
  for (int i = 0; i < 48; ++i) {
    tunnels.push_back(std::make_unique<Tunnel>(loop_));
    Tunnel& tunnel = *tunnels.back();
    Start(RunRelay(tunnel));
    if (i < 8) {
      Start(SendForEver(*tunnel.client));
      Start(ReceiveAndForget(*tunnel.server));
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

}  // namespace
}  // namespace culvert::net
