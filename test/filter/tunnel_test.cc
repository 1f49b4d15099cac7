#include "source/filter/tunnel.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "test/fakes/filter_fixture.h"

namespace culvert::filter {
namespace {

using fakes::FakeStream;
using fakes::FakeStreamPtr;
using net::IoError;
using net::RelayEnd;
using net::RelayResult;

class TunnelTest : public fakes::FilterFixture {
 protected:
  TunnelTest() {
    BuildContext context(environment_, "f", "test", errors_);
    options_.filter = "some_filter";
    options_.stats = MakeTunnelStats(context, "some_filter");
  }

  void Open() {
    auto [downstream, client] = FakeStream::MakePair();
    auto [upstream, server] = FakeStream::MakePair();
    client_ = std::move(client);
    server_ = std::move(server);
    Serve(RunTunnel(std::move(downstream), std::move(upstream), options_, connection()));
  }

  int64_t Ended(const std::string& how) {
    return Metric("culvert_some_filter_tunnels_ended_total", "end=" + how);
  }

  TunnelOptions options_;
  FakeStreamPtr client_;
  FakeStreamPtr server_;
};

TEST_F(TunnelTest, CarriesBytesBothWaysUntilBothSidesClose) {
  Open();
  EXPECT_EQ(Metric("culvert_some_filter_tunnels_active", "listener=test"), 1);
  client_->Send("question");
  ExpectReceived(*server_, "question");
  client_->SendEnd();
  RunUntil([&] { return server_->received_end(); });
  EXPECT_TRUE(serving());
  server_->Send("the answer");
  server_->SendEnd();
  Finish();
  EXPECT_EQ(client_->Received(), "the answer");
  EXPECT_EQ(record().ended_by, "some_filter");
  EXPECT_EQ(record().reason, "finished");
  EXPECT_EQ(Ended("finished"), 1);
  EXPECT_EQ(Metric("culvert_some_filter_tunnels_active"), 0);
}

TEST_F(TunnelTest, AddsItsBytesToThoseOfTheFiltersBeforeIt) {
  record().bytes.downstream_received = 100;
  record().bytes.downstream_sent = 200;
  Open();
  client_->Send("12345");
  client_->SendEnd();
  server_->Send("1234567");
  server_->SendEnd();
  Finish();
  EXPECT_EQ(record().bytes.upstream_sent, 5);
  EXPECT_EQ(record().bytes.upstream_received, 7);
  EXPECT_EQ(record().bytes.downstream_received, 105);
  EXPECT_EQ(record().bytes.downstream_sent, 207);
}

TEST_F(TunnelTest, TellsItsPhaseAndBytesWhileItRuns) {
  record().bytes.downstream_received = 100;
  Open();
  EXPECT_EQ(connection().phase(), Phase::kTunnel);
  client_->Send("12345");
  ExpectReceived(*server_, "12345");
  server_->Send("1234567");
  ExpectReceived(*client_, "1234567");
  EXPECT_EQ(connection().traffic().received, 105);
  EXPECT_EQ(connection().traffic().sent, 7);
  client_->SendEnd();
  server_->SendEnd();
  Finish();
  EXPECT_EQ(connection().traffic().received, 105);
  EXPECT_EQ(connection().traffic().sent, 7);
}

TEST_F(TunnelTest, TrafficIsThatOfAllRecords) {
  record().bytes = {.downstream_received = 1, .downstream_sent = 2};
  connection().LogRecord();
  connection().BeginRecord();
  record().bytes = {.downstream_received = 10, .downstream_sent = 20};
  EXPECT_EQ(connection().traffic().received, 11);
  EXPECT_EQ(connection().traffic().sent, 22);
}

TEST_F(TunnelTest, CountsTheBytesOfACancelledTunnelAndLeavesTheReasonToWhoCancelled) {
  Open();
  client_->Send("12345");
  ExpectReceived(*server_, "12345");
  EXPECT_EQ(record().bytes.upstream_sent, 5) << "while it lives";
  Cancel();
  Finish();
  EXPECT_EQ(record().bytes.downstream_received, 5);
  EXPECT_EQ(record().bytes.upstream_sent, 5);
  EXPECT_EQ(record().reason, "");
  EXPECT_EQ(Ended("cancelled"), 1);
  EXPECT_EQ(Metric("culvert_some_filter_tunnels_active"), 0);
}

TEST_F(TunnelTest, EndsWhenIdle) {
  options_.idle_timeout = std::chrono::milliseconds(30);
  Open();
  Finish();
  EXPECT_EQ(record().reason, "idle_timeout");
  EXPECT_EQ(Ended("idle_timeout"), 1);
  EXPECT_TRUE(client_->received_reset());
  EXPECT_TRUE(server_->received_reset());
}

TEST_F(TunnelTest, EndsWithItsLifetimeHoweverBusyItIs) {
  options_.max_lifetime = std::chrono::milliseconds(50);
  Open();
  RunUntil([&] {
    client_->Send("x");
    server_->Received();
    return !serving();
  });
  EXPECT_EQ(record().reason, "max_lifetime");
  EXPECT_EQ(Ended("max_lifetime"), 1);
}

TEST_F(TunnelTest, TellsWhichSideBrokeItOff) {
  Open();
  client_->SendError(IoError::kReset);
  Finish();
  EXPECT_EQ(record().reason, "downstream_reset");
  EXPECT_EQ(Ended("downstream_failed"), 1);
  EXPECT_TRUE(server_->received_reset());
}

TEST_F(TunnelTest, TellsOfAServerThatBrokeItOff) {
  Open();
  server_->SendError(IoError::kReset);
  Finish();
  EXPECT_EQ(record().reason, "upstream_reset");
  EXPECT_TRUE(client_->received_reset());
}

TEST_F(TunnelTest, TellsATruncatedEndFromACleanOne) {
  Open();
  client_->Send("all of it");
  client_->SendError(IoError::kTruncated);
  server_->SendEnd();
  Finish();
  EXPECT_EQ(server_->Received(), "all of it");
  EXPECT_EQ(record().reason, "downstream_truncated");
}

TEST(TunnelFailureTest, EachEndHasAReasonOfItsOwnAndASide) {
  using Case = std::tuple<RelayResult, Side, std::string_view>;
  const std::vector<Case> cases = {
      {{RelayEnd::kFinished}, Side::kLocal, "finished"},
      {{RelayEnd::kFinished, IoError::kNone, false, true}, Side::kUpstream, "upstream_truncated"},
      {{RelayEnd::kDownstreamFailed, IoError::kTimedOut},
       Side::kDownstream,
       "downstream_timed_out"},
      {{RelayEnd::kDownstreamFailed, IoError::kTruncated},
       Side::kDownstream,
       "downstream_truncated"},
      {{RelayEnd::kDownstreamFailed, IoError::kProtocol},
       Side::kDownstream,
       "downstream_protocol_error"},
      {{RelayEnd::kDownstreamFailed, IoError::kOther}, Side::kDownstream, "downstream_failed"},
      {{RelayEnd::kUpstreamFailed, IoError::kReset}, Side::kUpstream, "upstream_reset"},
      {{RelayEnd::kUpstreamFailed, IoError::kTimedOut}, Side::kUpstream, "upstream_timed_out"},
      {{RelayEnd::kUpstreamFailed, IoError::kProtocol}, Side::kUpstream, "upstream_protocol_error"},
      {{RelayEnd::kUpstreamFailed, IoError::kUnreachable}, Side::kUpstream, "upstream_failed"},
      {{RelayEnd::kIdle}, Side::kLocal, "idle_timeout"},
      {{RelayEnd::kLifetime}, Side::kLocal, "max_lifetime"},
  };
  for (const auto& [result, side, reason] : cases) {
    const Failure failure = FailureOf(result);
    EXPECT_EQ(failure.reason, reason);
    EXPECT_EQ(failure.side, side) << reason;
    EXPECT_EQ(failure.stage, Stage::kTunnel);
  }
}

}  // namespace
}  // namespace culvert::filter
