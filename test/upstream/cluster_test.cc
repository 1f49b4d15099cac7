#include "source/upstream/cluster.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "test/fakes/fake_resolver.h"
#include "test/fakes/loopback_server.h"
#include "test/net/test_util.h"

namespace culvert::upstream {
namespace {

class ClusterTest : public net::LoopFixture {
 protected:
  std::shared_ptr<Cluster> Make(
      const std::vector<std::string>& addresses,
      config::v1::Cluster::LoadBalancing balancing = config::v1::Cluster::ROUND_ROBIN) {
    config::v1::Cluster config;
    config.set_name("c");
    config.set_load_balancing(balancing);
    for (const std::string& address : addresses) config.add_endpoints()->set_address(address);
    config.mutable_passive_ejection()->set_consecutive_failures(2);
    return Cluster::Create(config, "clusters[0]", stats_, errors_);
  }

  ClusterDialResult Dial(Cluster& cluster) {
    return Run(cluster.Dial(worker_, After(loop_.now(), kGuard)));
  }

  fakes::LoopbackServer refusing_{fakes::LoopbackServer::Kind::kRefuses};
  stats::Registry stats_{1};
  std::vector<FieldError> errors_;
  fakes::FakeResolver resolver_;
  filter::Worker worker_{0, loop_, resolver_};
};

TEST_F(ClusterTest, ReportsEveryAddressThatIsNone) {
  EXPECT_EQ(Make({"nonsense", "127.0.0.1:80", "unix:"}), nullptr);
  ASSERT_EQ(errors_.size(), 2u);
  EXPECT_EQ(errors_[0].path, "clusters[0].endpoints[0].address");
  EXPECT_EQ(errors_[1].path, "clusters[0].endpoints[2].address");
}

TEST_F(ClusterTest, RoundRobinTakesTurns) {
  fakes::LoopbackServer a, b;
  auto cluster = Make({a.address(), b.address()});
  std::map<std::string, int> dialled;
  for (int i = 0; i < 6; ++i) {
    const ClusterDialResult result = Dial(*cluster);
    ASSERT_TRUE(result.ok()) << result.failure.reason;
    ++dialled[result.address->ToString()];
  }
  EXPECT_EQ(dialled[a.address()], 3);
  EXPECT_EQ(dialled[b.address()], 3);
}

TEST_F(ClusterTest, LeastConnectionsEvensOut) {
  fakes::LoopbackServer a, b;
  auto cluster = Make({a.address(), b.address()}, config::v1::Cluster::LEAST_CONNECTIONS);
  std::vector<ClusterDialResult> held;
  held.push_back(Dial(*cluster));
  const std::string first = held[0].address->ToString();
  held.push_back(Dial(*cluster));
  EXPECT_NE(held[1].address->ToString(), first);
  held.erase(held.begin());
  EXPECT_EQ(Dial(*cluster).address->ToString(), first);
}

TEST_F(ClusterTest, TheNextEndpointIsTriedWhenOneRefuses) {
  fakes::LoopbackServer good;
  auto cluster = Make({refusing_.address(), good.address()});
  for (int i = 0; i < 4; ++i) {
    const ClusterDialResult result = Dial(*cluster);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result.address->ToString(), good.address());
  }
}

TEST_F(ClusterTest, EndpointsCountTheirConnectsAndFailures) {
  fakes::LoopbackServer good;
  auto cluster = Make({refusing_.address(), good.address()});
  const ClusterDialResult held = Dial(*cluster);
  ASSERT_TRUE(held.ok());
  const Endpoint& bad = *cluster->endpoints()[0];
  const Endpoint& used = *cluster->endpoints()[1];
  EXPECT_EQ(bad.connects(), 0u);
  EXPECT_EQ(bad.failures(), 1u);
  EXPECT_EQ(used.connects(), 1u);
  EXPECT_EQ(used.failures(), 0u);
  EXPECT_EQ(used.active(), 1u);
}

TEST_F(ClusterTest, FailuresInARowEjectAndTheOnlyEndpointIsStillTried) {
  auto cluster = Make({refusing_.address()});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Dial(*cluster).failure.reason, "connect_refused");
  EXPECT_TRUE(cluster->endpoints()[0]->ejected(loop_.now()));
  EXPECT_EQ(Dial(*cluster).failure.reason, "connect_refused");
}

TEST_F(ClusterTest, AnEjectedEndpointIsLeftOut) {
  fakes::LoopbackServer good;
  auto cluster = Make({refusing_.address(), good.address()});
  for (int i = 0; i < 4; ++i) Dial(*cluster);
  EXPECT_TRUE(cluster->endpoints()[0]->ejected(loop_.now()));
  EXPECT_FALSE(cluster->endpoints()[1]->ejected(loop_.now()));
  const uint64_t failures =
      stats_
          .GetCounter("culvert_cluster_connect_failures_total", {{"cluster", "c"}},
                      "Connects to endpoints that failed.")
          .Value();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Dial(*cluster).ok());
  EXPECT_EQ(stats_
                .GetCounter("culvert_cluster_connect_failures_total", {{"cluster", "c"}},
                            "Connects to endpoints that failed.")
                .Value(),
            failures);
}

TEST_F(ClusterTest, AnEjectedEndpointThatTakesAConnectionIsBack) {
  const std::string path = "/tmp/culvert_cluster_test." + std::to_string(getpid());
  auto cluster = Make({"unix:" + path});
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(Dial(*cluster).ok());
  EXPECT_TRUE(cluster->endpoints()[0]->ejected(loop_.now()));
  const net::Fd listening(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address;
  socklen_t length = 0;
  net::SocketAddress::Parse("unix:" + path)->ToSockaddr(&address, &length);
  ASSERT_EQ(bind(listening.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(listening.get(), 1), 0);
  EXPECT_TRUE(Dial(*cluster).ok());
  EXPECT_FALSE(cluster->endpoints()[0]->ejected(loop_.now()));
  unlink(path.c_str());
}

TEST_F(ClusterTest, AnEndpointIsInUseAsLongAsItsConnection) {
  fakes::LoopbackServer server;
  auto cluster = Make({server.address()});
  {
    const ClusterDialResult result = Dial(*cluster);
    EXPECT_EQ(cluster->endpoints()[0]->active(), 1u);
  }
  EXPECT_EQ(cluster->endpoints()[0]->active(), 0u);
}

}  // namespace
}  // namespace culvert::upstream
