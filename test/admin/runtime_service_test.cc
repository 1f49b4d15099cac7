#include <gmock/gmock.h>

#include <string>

#include "test/admin/services_fixture.h"

namespace culvert::admin {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

using RuntimeServiceTest = ServicesTest;

TEST_F(RuntimeServiceTest, AConnectionIsListedAndCanBeEnded) {
  const net::Fd client = Connect();
  const v1::Connection tunnel = WaitForTunnel();
  EXPECT_EQ(tunnel.listener(), "web");
  EXPECT_EQ(tunnel.cluster(), "db");
  EXPECT_EQ(tunnel.resolved_address(), upstream_.address());
  EXPECT_THAT(tunnel.source(), testing::StartsWith("127.0.0.1:"));
  const auto clusters = Call(runtime_, &v1::RuntimeService::Stub::ListClusters, {});
  ASSERT_EQ(clusters.clusters_size(), 1);
  EXPECT_EQ(clusters.clusters(0).endpoints(0).connections_active(), 1);
  EXPECT_EQ(clusters.clusters(0).endpoints(0).connects_total(), 1);
  v1::KillRequest request;
  request.set_id(tunnel.id());
  EXPECT_EQ(Call(connections_, &v1::ConnectionService::Stub::Kill, request).killed(), 1);
  char byte;
  EXPECT_LE(recv(client.get(), &byte, 1, 0), 0);
  request.set_id(tunnel.id() + 1000);
  Call(connections_, &v1::ConnectionService::Stub::Kill, request);
  EXPECT_EQ(status_.error_code(), StatusCode::NOT_FOUND);
  request.set_user("");
  Call(connections_, &v1::ConnectionService::Stub::Kill, request);
  EXPECT_EQ(status_.error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(RuntimeServiceTest, WatchTellsTheRateOfEachConnection) {
  const net::Fd client = Connect();
  WaitForTunnel();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGuard);
  v1::WatchConnectionsRequest request;
  request.mutable_interval()->set_nanos(100'000'000);
  const auto reader = connections_->Watch(&context, request);
  v1::ListConnectionsResponse page;
  bool rated = false;
  while (!rated && reader->Read(&page)) {
    if (page.complete()) {
      ASSERT_EQ(send(client.get(), "bytes", 5, 0), 5);
      continue;
    }
    ASSERT_EQ(page.connections_size(), 1);
    rated = page.connections(0).receive_rate() > 0;
  }
  EXPECT_TRUE(rated);
  context.TryCancel();
}

TEST_F(RuntimeServiceTest, StatsAreThoseThatTheFilterNames) {
  v1::GetStatsRequest request;
  request.set_filter("culvert_cluster_");
  const auto response = Call(runtime_, &v1::RuntimeService::Stub::GetStats, request);
  ASSERT_GT(response.metrics_size(), 0);
  for (const v1::Metric& metric : response.metrics()) {
    EXPECT_THAT(metric.name(), HasSubstr("culvert_cluster_"));
    EXPECT_EQ(metric.labels().at("cluster"), "db");
  }
}

TEST_F(RuntimeServiceTest, AProcessThatDrainsStillAnswersButTakesNoConfig) {
  const net::Fd client = Connect();
  WaitForTunnel();
  EXPECT_EQ(Call(server_stub_, &v1::ServerService::Stub::GetInfo, {}).state(),
            v1::ServerInfo::SERVING);
  v1::DrainRequest request;
  request.mutable_timeout()->set_seconds(60);
  EXPECT_EQ(Call(server_stub_, &v1::ServerService::Stub::Drain, request).connections(), 1);
  const auto info = Call(server_stub_, &v1::ServerService::Stub::GetInfo, {});
  EXPECT_EQ(info.state(), v1::ServerInfo::DRAINING);
  EXPECT_EQ(info.workers(), 2);
  EXPECT_EQ(info.connections(), 1);
  EXPECT_EQ(info.config_version(), 1);
  Apply(Config("6s"));
  EXPECT_EQ(status_.error_code(), StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace culvert::admin
