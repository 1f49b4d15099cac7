#include "source/admin/admin_server.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "api/culvert/admin/v1/config.grpc.pb.h"
#include "api/culvert/admin/v1/runtime.grpc.pb.h"
#include "source/filter/registry.h"
#include "source/server/server.h"

namespace culvert::admin {
namespace {

using filter::AdminRole;
using grpc::StatusCode;
using std::chrono::seconds;

constexpr seconds kGuard{20};

// Whether it becomes true in time.
template <class Condition>
bool Eventually(Condition condition) {
  const TimePoint end = Clock::now() + kGuard;
  while (!condition()) {
    if (Clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

std::pair<net::Fd, net::Fd> SocketPair() {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  return {net::Fd(ends[0]), net::Fd(ends[1])};
}

ino_t InodeOf(int fd) {
  struct stat facts{};
  return fstat(fd, &facts) == 0 ? facts.st_ino : 0;
}

using Channel = std::shared_ptr<grpc::Channel>;

// Calls `method` with a message that is bytes already. The answer, likewise, or nothing.
std::string CallRaw(const Channel& channel, const std::string& method, const std::string& request) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGuard);
  grpc::CompletionQueue queue;
  const grpc::Slice slice(request);
  auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  grpc::Slice answer;
  if (!status.ok() || !response.DumpToSingleSlice(&answer).ok()) return "";
  return {reinterpret_cast<const char*>(answer.begin()), answer.size()};
}

// HealthCheckResponse of grpc.health.v1: the status is its first field.
const std::string kServing = "\x08\x01";
const std::string kNotServing = "\x08\x02";

std::string Health(const Channel& channel, const std::string& service = "") {
  std::string request;
  if (!service.empty()) request = std::string("\x0A") + static_cast<char>(service.size()) + service;
  return CallRaw(channel, "/grpc.health.v1.Health/Check", request);
}

// Nobody runs the main loop: what needs it waits.
class AdminServerTest : public testing::Test {
 protected:
  void Start(AdminServer::Options options = {}) {
    admin_ = std::make_unique<AdminServer>(control_, std::move(options));
  }

  Channel Connect(AdminRole role = AdminRole::kReadWrite) {
    auto [ours, theirs] = SocketPair();
    server_fd_ = theirs.get();
    client_fd_ = ours.get();
    if (!admin_->Adopt(std::move(theirs), {"uid 0", role})) return nullptr;
    return grpc::CreateInsecureChannelFromFd("admin", ours.Release());
  }

  // Calls `method` of `stub` with `request`.
  template <class Stub, class Request, class Response>
  static StatusCode Call(Stub& stub,
                         grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                      Response*),
                         const Request& request = {}) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kGuard);
    Response response;
    return (stub.*method)(&context, request, &response).error_code();
  }

  // How a watch ends; true in `full` once that is because there are too many.
  static StatusCode Watch(const Channel& channel, std::atomic<bool>& full) {
    v1::RuntimeService::Stub stub(channel);
    grpc::ClientContext context;
    const auto reader = stub.WatchStats(&context, {});
    v1::GetStatsResponse response;
    while (reader->Read(&response)) {
    }
    const StatusCode code = reader->Finish().error_code();
    if (code == StatusCode::RESOURCE_EXHAUSTED) full = true;
    return code;
  }

  net::EventLoop loop_;
  const filter::Registry registry_ = filter::Registry::Builder().Build();
  server::Server server_{registry_, {}};
  server::Control control_{loop_, server_};
  std::unique_ptr<AdminServer> admin_;
  // Of the last Connect(); gRPC's.
  int server_fd_ = -1;
  int client_fd_ = -1;
};

TEST_F(AdminServerTest, ServesASocketThatItWasHanded) {
  Start();
  const Channel channel = Connect();
  v1::ServerService::Stub stub(channel);
  grpc::ClientContext context;
  v1::LogLevels levels;
  ASSERT_TRUE(stub.GetLogLevels(&context, {}, &levels).ok());
  EXPECT_GT(levels.components_size(), 0);
}

TEST_F(AdminServerTest, SaysThatTheProcessEnds) {
  Start();
  const Channel channel = Connect();
  control_.Close();
  v1::ServerService::Stub stub(channel);
  EXPECT_EQ(Call(stub, &v1::ServerService::Stub::GetInfo), StatusCode::UNAVAILABLE);
}

TEST_F(AdminServerTest, AReadOnlyCallerMayLookButChangeNothing) {
  Start();
  const Channel channel = Connect(AdminRole::kReadOnly);
  v1::ConfigService::Stub config(channel);
  EXPECT_EQ(Call(config, &v1::ConfigService::Stub::Validate), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Call(config, &v1::ConfigService::Stub::Apply), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Call(config, &v1::ConfigService::Stub::Rollback), StatusCode::PERMISSION_DENIED);
  v1::ConnectionService::Stub connections(channel);
  EXPECT_EQ(Call(connections, &v1::ConnectionService::Stub::Kill), StatusCode::PERMISSION_DENIED);
  v1::ServerService::Stub server(channel);
  EXPECT_EQ(Call(server, &v1::ServerService::Stub::SetLogLevel), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Call(server, &v1::ServerService::Stub::ReopenLogs), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Call(server, &v1::ServerService::Stub::Drain), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Call(server, &v1::ServerService::Stub::Shutdown), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Call(server, &v1::ServerService::Stub::GetLogLevels), StatusCode::OK);
}

TEST_F(AdminServerTest, CallersOfBothRolesAreServedAtOnce) {
  Start();
  const Channel reader = Connect(AdminRole::kReadOnly);
  const Channel writer = Connect(AdminRole::kReadWrite);
  v1::ServerService::Stub read(reader);
  v1::ServerService::Stub write(writer);
  v1::SetLogLevelRequest request;
  request.set_level("info");
  EXPECT_EQ(Call(read, &v1::ServerService::Stub::SetLogLevel, request),
            StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Call(write, &v1::ServerService::Stub::SetLogLevel, request), StatusCode::OK);
}

TEST_F(AdminServerTest, RefusesALogLevelThatThereIsNot) {
  Start();
  const Channel channel = Connect();
  v1::ServerService::Stub stub(channel);
  v1::SetLogLevelRequest request;
  request.set_level("loud");
  EXPECT_EQ(Call(stub, &v1::ServerService::Stub::SetLogLevel, request),
            StatusCode::INVALID_ARGUMENT);
  request.set_level("info");
  request.set_component("kitchen");
  EXPECT_EQ(Call(stub, &v1::ServerService::Stub::SetLogLevel, request),
            StatusCode::INVALID_ARGUMENT);
}

TEST_F(AdminServerTest, RefusesARequestThatIsTooLarge) {
  Start({.max_message_size = 4096});
  const Channel channel = Connect();
  v1::ConfigService::Stub stub(channel);
  v1::ApplyRequest request;
  request.mutable_source()->mutable_text()->set_content(std::string(5000, '#'));
  EXPECT_EQ(Call(stub, &v1::ConfigService::Stub::Apply, request), StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(AdminServerTest, RefusesMoreConnectionsThanItMayHave) {
  Start({.max_connections = 1});
  Channel first = Connect();
  ASSERT_NE(first, nullptr);
  v1::ServerService::Stub stub(first);
  EXPECT_EQ(Call(stub, &v1::ServerService::Stub::GetLogLevels), StatusCode::OK);
  auto [ours, theirs] = SocketPair();
  EXPECT_FALSE(admin_->Adopt(std::move(theirs), {"uid 0", AdminRole::kReadWrite}));
  char byte;
  EXPECT_EQ(read(ours.get(), &byte, 1), 0) << "the socket was not closed";
}

TEST_F(AdminServerTest, AConnectionThatHasEndedMakesRoom) {
  Start({.max_connections = 1});
  {
    const Channel first = Connect();
  }
  Channel second;
  EXPECT_TRUE(Eventually([&] { return (second = Connect()) != nullptr; }));
}

TEST_F(AdminServerTest, RefusesMoreWatchesThanItMayHaveAndStopEndsTheOthers) {
  Start({.max_watches = 2});
  const Channel channel = Connect();
  std::atomic<bool> full = false;
  std::vector<std::future<StatusCode>> watches;
  for (int i = 0; i < 3; ++i) {
    watches.push_back(std::async(std::launch::async, [&] { return Watch(channel, full); }));
  }
  ASSERT_TRUE(Eventually([&] { return full.load(); }));
  admin_->Stop();
  std::vector<StatusCode> codes;
  for (auto& watch : watches) codes.push_back(watch.get());
  EXPECT_THAT(codes,
              testing::UnorderedElementsAre(StatusCode::RESOURCE_EXHAUSTED, StatusCode::UNAVAILABLE,
                                            StatusCode::UNAVAILABLE));
}

TEST_F(AdminServerTest, TakesNoConnectionAfterStop) {
  Start();
  admin_->Stop();
  EXPECT_EQ(Connect(), nullptr);
}

// Callers go by the number of their descriptor: it may not be another's while a handler runs.
TEST_F(AdminServerTest, TheDescriptorOfACallerStaysOpenUntilItsCallsHaveEnded) {
  Start({.max_watches = 1});
  const Channel other = Connect();
  const Channel channel = Connect();
  const int fd = server_fd_;
  const ino_t inode = InodeOf(fd);
  std::atomic<bool> full = false;
  std::vector<std::future<StatusCode>> watches;
  for (int i = 0; i < 2; ++i) {
    watches.push_back(std::async(std::launch::async, [&] { return Watch(channel, full); }));
  }
  // One is over, so the other's handler runs: it waits for the main thread.
  ASSERT_TRUE(Eventually([&] { return full.load(); }));
  ASSERT_EQ(shutdown(client_fd_, SHUT_RDWR), 0);  // the client hangs up
  for (auto& watch : watches) watch.get();
  v1::ServerService::Stub stub(other);
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(Call(stub, &v1::ServerService::Stub::GetLogLevels), StatusCode::OK);
    ASSERT_EQ(InodeOf(fd), inode);
  }
  control_.Close();
  EXPECT_TRUE(Eventually([&] { return InodeOf(fd) != inode; }));
}

TEST_F(AdminServerTest, HealthFollowsTheProcess) {
  Start();
  const Channel channel = Connect();
  EXPECT_EQ(Health(channel), kServing);
  EXPECT_EQ(Health(channel, "culvert.admin.v1.ConfigService"), kServing);
  admin_->SetServing(false);
  EXPECT_EQ(Health(channel), kNotServing);
  EXPECT_EQ(Health(channel, "culvert.admin.v1.ConfigService"), kNotServing);
  const Channel later = Connect(AdminRole::kReadOnly);
  EXPECT_EQ(Health(later), kNotServing);
}

}  // namespace
}  // namespace culvert::admin
