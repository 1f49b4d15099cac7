// What tests of the services share: a server that runs in the test's process, and a caller who may
// do everything. One thread, but for the server's.
#ifndef CULVERT_TEST_ADMIN_SERVICES_FIXTURE_H_
#define CULVERT_TEST_ADMIN_SERVICES_FIXTURE_H_

#include <fmt/format.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "api/culvert/admin/v1/config.grpc.pb.h"
#include "api/culvert/admin/v1/runtime.grpc.pb.h"
#include "extensions/tcp_proxy/factory.h"
#include "source/admin/admin_server.h"
#include "source/server/server.h"
#include "test/fakes/loopback_server.h"

namespace culvert::admin {

class ServicesTest : public testing::Test {
 protected:
  static constexpr std::chrono::seconds kGuard{20};

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

  static filter::Registry MakeRegistry() {
    filter::Registry::Builder builder;
    builder.Add(extensions::tcp_proxy::MakeTcpProxyFactory());
    return std::move(builder).Build();
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

}  // namespace culvert::admin

#endif  // CULVERT_TEST_ADMIN_SERVICES_FIXTURE_H_
