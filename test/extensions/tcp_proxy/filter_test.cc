#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "api/culvert/extensions/tcp_proxy/v1/tcp_proxy.pb.h"
#include "extensions/tcp_proxy/factory.h"
#include "test/fakes/fake_stream.h"
#include "test/fakes/filter_fixture.h"
#include "test/fakes/loopback_server.h"

namespace culvert::extensions::tcp_proxy {
namespace {

using fakes::FakeStream;
using fakes::LoopbackServer;

class TcpProxyTest : public fakes::FilterFixture {
 protected:
  TcpProxyTest() { config_.set_cluster("backend"); }

  std::shared_ptr<const filter::StreamTerminal> BuildFilter() {
    return Build<filter::StreamTerminal>(*MakeTcpProxyFactory(), config_);
  }

  // A client connects to the filter.
  void Connect() {
    terminal_ = BuildFilter();
    ASSERT_NE(terminal_, nullptr) << Errors();
    auto [downstream, client] = FakeStream::MakePair();
    client_ = std::move(client);
    Serve(terminal_->Run(std::move(downstream), connection()));
  }

  std::unique_ptr<net::SocketStream> Accept() {
    net::Fd fd;
    RunUntil([&] { return (fd = server_.TryAccept()).valid(); });
    return MakeStream(std::move(fd));
  }

  v1::TcpProxy config_;
  LoopbackServer server_;
  std::shared_ptr<const filter::StreamTerminal> terminal_;
  fakes::FakeStreamPtr client_;
};

TEST_F(TcpProxyTest, CarriesBytesToAnEndpointAndBack) {
  AddCluster("backend", {server_.address()});
  Connect();
  client_->Send("hello");
  const auto server = Accept();
  ExpectReceived(*server, "hello");
  EXPECT_EQ(Metric("culvert_tcp_proxy_tunnels_active", "listener=test"), 1);
  const std::string answer = "good bye";
  ASSERT_TRUE(server->TryWrite(answer).ok());
  ASSERT_TRUE(server->TryShutdownWrite().ok());
  ExpectReceived(*client_, answer);
  client_->SendEnd();
  Finish();
  EXPECT_EQ(record().ended_by, "tcp_proxy");
  EXPECT_EQ(record().reason, "finished");
  EXPECT_EQ(record().cluster, "backend");
  EXPECT_EQ(record().resolved_address, server_.address());
  EXPECT_TRUE(record().durations.connect.has_value());
  EXPECT_EQ(record().bytes.upstream_sent, 5);
  EXPECT_EQ(record().bytes.downstream_sent, 8);
}

TEST_F(TcpProxyTest, SaysWhyNoEndpointCouldBeReached) {
  const LoopbackServer refusing(LoopbackServer::Kind::kRefuses);
  AddCluster("backend", {refusing.address()});
  Connect();
  Finish();
  EXPECT_TRUE(client_->received_reset());
  EXPECT_EQ(record().ended_by, "tcp_proxy");
  EXPECT_EQ(record().reason, "connect_refused");
  EXPECT_EQ(record().cluster, "backend");
  EXPECT_EQ(record().resolved_address, refusing.address());
  EXPECT_EQ(Metric("culvert_tcp_proxy_unreachable_total", "listener=test"), 1);
}

TEST_F(TcpProxyTest, TriesTheNextEndpoint) {
  const LoopbackServer refusing(LoopbackServer::Kind::kRefuses);
  AddCluster("backend", {refusing.address(), server_.address()});
  Connect();
  const auto server = Accept();
  EXPECT_TRUE(serving());
  EXPECT_EQ(Metric("culvert_tcp_proxy_unreachable_total"), 0);
}

TEST_F(TcpProxyTest, EndpointIsInUseAsLongAsTheTunnelLives) {
  const auto cluster = AddCluster("backend", {server_.address()});
  Connect();
  const auto server = Accept();
  RunUntil([&] { return Metric("culvert_tcp_proxy_tunnels_active") == 1; });
  EXPECT_EQ(cluster->endpoints()[0]->active(), 1);
  client_->SendEnd();
  ASSERT_TRUE(server->TryShutdownWrite().ok());
  Finish();
  EXPECT_EQ(cluster->endpoints()[0]->active(), 0);
}

TEST_F(TcpProxyTest, EndsAnIdleConnection) {
  config_.mutable_idle_timeout()->set_nanos(30'000'000);
  AddCluster("backend", {server_.address()});
  Connect();
  const auto server = Accept();
  Finish();
  EXPECT_EQ(record().reason, "idle_timeout");
}

TEST_F(TcpProxyTest, EndsAConnectionThatHasLivedLongEnough) {
  config_.mutable_max_lifetime()->set_nanos(30'000'000);
  AddCluster("backend", {server_.address()});
  Connect();
  const auto server = Accept();
  Finish();
  EXPECT_EQ(record().reason, "max_lifetime");
}

TEST_F(TcpProxyTest, CancelledDialLeavesTheReasonToWhoCancelled) {
  const LoopbackServer silent(LoopbackServer::Kind::kSilent);
  AddCluster("backend", {silent.address()});
  Connect();
  Cancel();
  Finish();
  EXPECT_EQ(record().reason, "");
  EXPECT_EQ(Metric("culvert_tcp_proxy_unreachable_total"), 0);
}

TEST_F(TcpProxyTest, ClusterThatDoesNotExistGivesNoFilterAndNoSecondError) {
  EXPECT_EQ(BuildFilter(), nullptr);
  EXPECT_EQ(Errors(), "");
}

TEST(TcpProxyFactoryTest, IsATerminalWithTheNameOfItsFolder) {
  EXPECT_EQ(MakeTcpProxyFactory()->name(), "tcp_proxy");
  EXPECT_EQ(MakeTcpProxyFactory()->kind(), filter::FilterKind::kTerminal);
}

}  // namespace
}  // namespace culvert::extensions::tcp_proxy
