// The services before a server that runs, called over gRPC.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "api/culvert/admin/v1/config.grpc.pb.h"
#include "api/culvert/admin/v1/runtime.grpc.pb.h"
#include "extensions/tcp_proxy/factory.h"
#include "google/rpc/status.pb.h"
#include "source/admin/admin_server.h"
#include "source/server/server.h"
#include "test/fakes/loopback_server.h"

namespace culvert::admin {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::seconds kGuard{20};

filter::Registry MakeRegistry() {
  filter::Registry::Builder builder;
  builder.Add(extensions::tcp_proxy::MakeTcpProxyFactory());
  return std::move(builder).Build();
}

class ServicesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(directory_ / "proxy.yaml") << Config("5s");
    server::Server::Options options;
    options.config_file = directory_ / "proxy.yaml";
    options.workers = 2;
    options.make_admin_api = [this](server::Control& control, const config::v1::Admin& config) {
      AdminServer::Options limits = AdminServer::Options::Of(config);
      limits.filter_names = registry_.Names();
      auto admin = std::make_unique<AdminServer>(control, std::move(limits));
      made_.set_value(admin.get());
      return admin;
    };
    server_ = std::make_unique<server::Server>(registry_, std::move(options));
    exit_status_ = std::async(std::launch::async, [this] { return server_->Run(); });
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    auto channel = grpc::CreateInsecureChannelFromFd("admin", ends[0]);
    AdminServer* admin = made_.get_future().get();
    ASSERT_TRUE(admin->Adopt(net::Fd(ends[1]), {"CN=alice", filter::AdminRole::kReadWrite}));
    config_ = v1::ConfigService::NewStub(channel);
    runtime_ = v1::RuntimeService::NewStub(channel);
    connections_ = v1::ConnectionService::NewStub(channel);
    server_stub_ = v1::ServerService::NewStub(channel);
  }

  void TearDown() override {
    Call(server_stub_, &v1::ServerService::Stub::Shutdown, {});
    EXPECT_TRUE(status_.ok()) << status_.error_message();
    EXPECT_EQ(exit_status_.get(), 0);
    std::filesystem::remove_all(directory_);
  }

  std::string Config(std::string_view timeout, std::string_view process = "{}") const {
    return fmt::format(R"(process: {}
identity_providers:
- name: staff
  users: {{users: [{{name: bob, password: {{inline_string: hush}}}}]}}
listeners:
- name: web
  address: 127.0.0.1:0
  chain_match_timeout: {}
  filters:
  - tcp_proxy: {{cluster: db}}
clusters:
- name: db
  endpoints: [{{address: "{}"}}]
)",
                       process, timeout, upstream_.address());
  }

  // Calls `method` of `stub`; the answer, and the status in status_.
  template <class Stub, class Request, class Response>
  Response Call(const std::unique_ptr<Stub>& stub,
                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                const std::type_identity_t<Request>& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kGuard);
    Response response;
    status_ = ((*stub).*method)(&context, request, &response);
    return response;
  }

  static v1::ConfigSource Source(std::string text) {
    v1::ConfigSource source;
    source.mutable_text()->set_content(std::move(text));
    source.mutable_text()->set_file_name("new.yaml");
    return source;
  }

  v1::ApplyResponse Apply(std::string text, uint64_t expected_version = 0) {
    v1::ApplyRequest request;
    *request.mutable_source() = Source(std::move(text));
    request.set_expected_version(expected_version);
    request.set_label("ticket 12");
    return Call(config_, &v1::ConfigService::Stub::Apply, request);
  }

  v1::HistoryResponse History() { return Call(config_, &v1::ConfigService::Stub::History, {}); }

  // A client of the listener, connected.
  net::Fd Connect() {
    const auto list = Call(runtime_, &v1::RuntimeService::Stub::ListListeners, {});
    const auto address = net::SocketAddress::Parse(list.listeners(0).bound_address());
    net::Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage storage;
    socklen_t length = 0;
    address->ToSockaddr(&storage, &length);
    EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
    return client;
  }

  // The connections that are tunnels; false in `complete` where the list has no end.
  std::vector<v1::Connection> Tunnels(bool* complete) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kGuard);
    v1::ListConnectionsRequest request;
    request.mutable_filter()->set_phase("tunnel");
    const auto reader = connections_->List(&context, request);
    std::vector<v1::Connection> connections;
    v1::ListConnectionsResponse page;
    *complete = false;
    while (reader->Read(&page)) {
      for (const v1::Connection& connection : page.connections()) connections.push_back(connection);
      *complete = page.complete();
    }
    status_ = reader->Finish();
    return connections;
  }

  // The only tunnel, once there is one.
  v1::Connection WaitForTunnel() {
    const TimePoint end = Clock::now() + kGuard;
    while (Clock::now() < end) {
      bool complete = false;
      const auto tunnels = Tunnels(&complete);
      EXPECT_TRUE(status_.ok() && complete) << status_.error_message();
      if (tunnels.size() == 1) return tunnels[0];
    }
    ADD_FAILURE() << "there is no tunnel";
    return {};
  }

  static std::filesystem::path MakeDirectory() {
    std::string path = "/tmp/admin_XXXXXX";
    return mkdtemp(path.data());
  }

  const std::filesystem::path directory_ = MakeDirectory();
  const filter::Registry registry_ = MakeRegistry();
  fakes::LoopbackServer upstream_;
  std::promise<AdminServer*> made_;
  std::unique_ptr<server::Server> server_;
  std::future<int> exit_status_;
  std::unique_ptr<v1::ConfigService::Stub> config_;
  std::unique_ptr<v1::RuntimeService::Stub> runtime_;
  std::unique_ptr<v1::ConnectionService::Stub> connections_;
  std::unique_ptr<v1::ServerService::Stub> server_stub_;
  grpc::Status status_;  // of the last Call()
};

TEST_F(ServicesTest, ApplyMakesAVersionAndTellsWhatChanged) {
  const v1::ApplyResponse response = Apply(Config("6s"), 1);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(response.version().number(), 2);
  EXPECT_EQ(response.version().author(), "CN=alice");
  EXPECT_EQ(response.version().origin(), "api");
  EXPECT_EQ(response.version().label(), "ticket 12");
  ASSERT_EQ(response.changes_size(), 1);
  EXPECT_EQ(response.changes(0).what(), "listener");
  EXPECT_EQ(response.changes(0).name(), "web");
  EXPECT_THAT(response.changes(0).fields(), ElementsAre("chain_match_timeout"));
  const v1::HistoryResponse history = History();
  EXPECT_EQ(history.running_version(), 2);
  ASSERT_EQ(history.versions_size(), 2);
  EXPECT_EQ(history.versions(0).number(), 2);
  EXPECT_THAT(history.versions(1).origin(), HasSubstr("proxy.yaml"));
}

TEST_F(ServicesTest, ADryRunChangesNothing) {
  v1::ApplyRequest request;
  *request.mutable_source() = Source(Config("6s"));
  request.set_dry_run(true);
  const auto response = Call(config_, &v1::ConfigService::Stub::Apply, request);
  EXPECT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(response.version().number(), 1);
  EXPECT_EQ(response.changes_size(), 1);
  EXPECT_EQ(History().running_version(), 1);
}

TEST_F(ServicesTest, AWrongConfigIsRefusedWithThePlaceOfItsError) {
  Apply(Config("soon"));
  EXPECT_EQ(status_.error_code(), StatusCode::INVALID_ARGUMENT);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status_.error_details()));
  v1::ConfigErrors errors;
  ASSERT_EQ(details.details_size(), 2);
  ASSERT_TRUE(details.details(1).UnpackTo(&errors));
  ASSERT_EQ(errors.errors_size(), 1);
  EXPECT_EQ(errors.errors(0).file(), "new.yaml");
  EXPECT_EQ(errors.errors(0).line(), 8);
  EXPECT_EQ(errors.errors(0).column(), 3);
  EXPECT_EQ(errors.errors(0).path(), "listeners[0].chain_match_timeout");
  EXPECT_EQ(History().running_version(), 1);
}

TEST_F(ServicesTest, ValidateCountsWhatAConfigHas) {
  v1::ValidateRequest request;
  *request.mutable_source() = Source(Config("6s"));
  const auto response = Call(config_, &v1::ConfigService::Stub::Validate, request);
  EXPECT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(response.listeners(), 1);
  EXPECT_EQ(response.clusters(), 1);
  *request.mutable_source() = Source("listeners: [{name: web}]");
  Call(config_, &v1::ConfigService::Stub::Validate, request);
  EXPECT_EQ(status_.error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServicesTest, ApplyIsRefusedWhereAnotherVersionRuns) {
  Apply(Config("6s"), 7);
  EXPECT_EQ(status_.error_code(), StatusCode::ABORTED);
  EXPECT_EQ(History().running_version(), 1);
}

TEST_F(ServicesTest, AChangeThatNeedsARestartNamesItsField) {
  Apply(Config("5s", "{workers: 3}"));
  EXPECT_EQ(status_.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status_.error_message(), HasSubstr("process.workers"));
}

TEST_F(ServicesTest, GetShowsAVersionWithoutItsSecrets) {
  Apply(Config("6s"));
  v1::GetRequest request;
  request.set_version(1);
  const auto response = Call(config_, &v1::ConfigService::Stub::Get, request);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(response.version().number(), 1);
  EXPECT_EQ(response.config().listeners(0).chain_match_timeout().seconds(), 5);
  EXPECT_THAT(response.yaml(), HasSubstr("chain_match_timeout: 5s"));
  EXPECT_THAT(response.yaml(), HasSubstr("[redacted]"));
  EXPECT_THAT(response.SerializeAsString(), Not(HasSubstr("hush")));
  request.set_version(99);
  Call(config_, &v1::ConfigService::Stub::Get, request);
  EXPECT_EQ(status_.error_code(), StatusCode::NOT_FOUND);
}

TEST_F(ServicesTest, DiffShowsWhatApplyWouldChange) {
  v1::DiffRequest request;
  *request.mutable_source() = Source(Config("6s"));
  const auto response = Call(config_, &v1::ConfigService::Stub::Diff, request);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  ASSERT_EQ(response.changes_size(), 1);
  EXPECT_EQ(response.changes(0).name(), "web");
  EXPECT_THAT(response.unified(), HasSubstr("version 1"));
  EXPECT_THAT(response.unified(), HasSubstr("new.yaml"));
  EXPECT_THAT(response.unified(), HasSubstr("-  chain_match_timeout: 5s"));
  EXPECT_THAT(response.unified(), HasSubstr("+  chain_match_timeout: 6s"));
}

TEST_F(ServicesTest, RollbackMakesANewVersionOfAnOldConfig) {
  Apply(Config("6s"));
  v1::RollbackRequest request;
  request.set_version(1);
  const auto response = Call(config_, &v1::ConfigService::Stub::Rollback, request);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(response.version().number(), 3);
  EXPECT_EQ(response.version().origin(), "rollback to 1");
  EXPECT_EQ(response.version().author(), "CN=alice");
  EXPECT_EQ(response.version().checksum(), History().versions(2).checksum());
}

TEST_F(ServicesTest, WatchTellsTheRunningVersionAndEachNewOne) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGuard);
  const auto reader = config_->Watch(&context, {});
  v1::Version version;
  ASSERT_TRUE(reader->Read(&version));
  EXPECT_EQ(version.number(), 1);
  for (int i = 2; i < 5; ++i) {
    Apply(Config(fmt::format("{}s", 10 + i)));
    ASSERT_TRUE(reader->Read(&version));
    EXPECT_EQ(version.number(), i);
  }
  context.TryCancel();
  EXPECT_FALSE(reader->Read(&version));
}

TEST_F(ServicesTest, AConnectionIsListedAndCanBeEnded) {
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

TEST_F(ServicesTest, WatchTellsTheRateOfEachConnection) {
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

TEST_F(ServicesTest, StatsAreThoseThatTheFilterNames) {
  v1::GetStatsRequest request;
  request.set_filter("culvert_cluster_");
  const auto response = Call(runtime_, &v1::RuntimeService::Stub::GetStats, request);
  ASSERT_GT(response.metrics_size(), 0);
  for (const v1::Metric& metric : response.metrics()) {
    EXPECT_THAT(metric.name(), HasSubstr("culvert_cluster_"));
    EXPECT_EQ(metric.labels().at("cluster"), "db");
  }
}

TEST_F(ServicesTest, AProcessThatDrainsStillAnswersButTakesNoConfig) {
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
