#include "source/admin/admin_server.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <array>
#include <condition_variable>
#include <thread>
#include <utility>

#include "source/admin/services.h"
#include "source/base/log.h"

namespace culvert::admin {

using filter::AdminRole;

namespace {

// Handlers at once beside the watches; most take milliseconds.
constexpr int kThreadsForAnswers = 16;
constexpr int kMostStreamsOfConnection = 64;
// A client that is gone without a word holds its connection so long.
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr std::chrono::milliseconds kStopGrace{500};

constexpr std::array kServiceNames = {
    "culvert.admin.v1.ConfigService",
    "culvert.admin.v1.RuntimeService",
    "culvert.admin.v1.ConnectionService",
    "culvert.admin.v1.ServerService",
};

// gRPC would write lines of its own form to stderr.
void LogForGrpc(gpr_log_func_args* entry) {
  if (entry->severity == GPR_LOG_SEVERITY_ERROR) {
    log::Warning(log::kAdmin, "gRPC: {}", entry->message);
  } else {
    log::Debug(log::kAdmin, "gRPC: {}", entry->message);
  }
}

// All that serves the callers of one role.
struct Side {
  explicit Side(Backend backend_of_role) : backend(std::move(backend_of_role)) {}

  const Backend backend;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> server;
};

}  // namespace

class AdminServer::Impl {
 public:
  Impl(server::Control& control, Options options)
      : control_(control),
        options_(std::move(options)),
        callers_(options_.max_connections),
        watches_(options_.max_watches),
        sides_{Side(BackendOf(AdminRole::kReadOnly)), Side(BackendOf(AdminRole::kReadWrite))} {}

  bool Adopt(net::Fd socket, filter::AdminCaller caller);
  void SetServing(bool serving);
  void Stop();

 private:
  struct Arrival {
    net::Fd socket;
    AdminRole role;
  };

  Backend BackendOf(AdminRole role) {
    return {control_, callers_, watches_, stop_.get_token(), options_.filter_names, role};
  }
  void ServeArrivals();
  void Connect(Arrival arrival);
  void Build(Side& side);
  void ShowHealth(Side& side);

  server::Control& control_;
  const Options options_;
  Callers callers_;
  std::counting_semaphore<> watches_;
  std::stop_source stop_;

  // Held while a server is built.
  std::mutex sides_mutex_;
  std::array<Side, 2> sides_;  // by role; guarded by sides_mutex_
  grpc::ResourceQuota quota_;
  bool serving_ = true;  // guarded by sides_mutex_

  // Building a server takes milliseconds, and Adopt() is called by workers.
  std::mutex arrivals_mutex_;
  std::condition_variable arrived_;
  std::vector<Arrival> arrivals_;  // guarded by arrivals_mutex_
  bool stopping_ = false;          // guarded by arrivals_mutex_
  std::thread thread_;
};

bool AdminServer::Impl::Adopt(net::Fd socket, filter::AdminCaller caller) {
  const std::scoped_lock lock(arrivals_mutex_);
  if (stopping_ || !callers_.Add(socket.get(), std::move(caller.name))) return false;
  arrivals_.push_back({std::move(socket), caller.role});
  if (!thread_.joinable()) thread_ = std::thread([this] { ServeArrivals(); });
  arrived_.notify_one();
  return true;
}

void AdminServer::Impl::ServeArrivals() {
  std::unique_lock lock(arrivals_mutex_);
  while (true) {
    arrived_.wait(lock, [this] { return stopping_ || !arrivals_.empty(); });
    if (stopping_) return;
    std::vector<Arrival> arrivals = std::exchange(arrivals_, {});
    lock.unlock();
    for (Arrival& arrival : arrivals) Connect(std::move(arrival));
    lock.lock();
  }
}

void AdminServer::Impl::Connect(Arrival arrival) {
  const std::scoped_lock lock(sides_mutex_);
  Side& side = sides_[static_cast<size_t>(arrival.role)];
  if (side.server == nullptr) Build(side);
  if (side.server == nullptr) {
    log::Error(log::kAdmin, "gRPC cannot start; the connection is closed");
    callers_.Remove(arrival.socket.get());
    return;
  }
  grpc::AddInsecureChannelFromFd(side.server.get(), arrival.socket.Release());
}

void AdminServer::Impl::Build(Side& side) {
  // Never undone: with its last user gRPC would wait for its threads, for up to ten seconds where a
  // write could not complete at once.
  grpc_init();
  gpr_set_log_function(LogForGrpc);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  quota_.SetMaxThreads(static_cast<int>(options_.max_watches) + kThreadsForAnswers);
  grpc::ServerBuilder builder;
  builder.SetResourceQuota(quota_);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options_.max_message_size));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreamsOfConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  if (side.services.empty()) {
    side.services.push_back(MakeConfigService(side.backend));
    side.services.push_back(MakeRuntimeService(side.backend));
    side.services.push_back(MakeConnectionService(side.backend));
    side.services.push_back(MakeServerService(side.backend));
  }
  for (const auto& service : side.services) builder.RegisterService(service.get());
  side.server = builder.BuildAndStart();
  if (side.server != nullptr) ShowHealth(side);
}

void AdminServer::Impl::ShowHealth(Side& side) {
  grpc::HealthCheckServiceInterface* health = side.server->GetHealthCheckService();
  for (const char* name : kServiceNames) health->SetServingStatus(name, serving_);
  health->SetServingStatus("", serving_);
}

void AdminServer::Impl::SetServing(bool serving) {
  const std::scoped_lock lock(sides_mutex_);
  serving_ = serving;
  for (Side& side : sides_) {
    if (side.server != nullptr) ShowHealth(side);
  }
}

void AdminServer::Impl::Stop() {
  control_.Close();
  stop_.request_stop();
  {
    const std::scoped_lock lock(arrivals_mutex_);
    if (std::exchange(stopping_, true)) return;
    arrived_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  const std::scoped_lock lock(sides_mutex_);
  const auto deadline = std::chrono::system_clock::now() + kStopGrace;
  for (Side& side : sides_) {
    if (side.server != nullptr) side.server->Shutdown(deadline);
  }
  arrivals_.clear();
}

AdminServer::Options AdminServer::Options::Of(const config::v1::Admin& config) {
  Options options;
  if (config.max_connections() != 0) options.max_connections = config.max_connections();
  if (config.max_watches() != 0) options.max_watches = config.max_watches();
  if (config.max_message_size() != 0) options.max_message_size = config.max_message_size();
  return options;
}

AdminServer::AdminServer(server::Control& control, Options options)
    : impl_(std::make_unique<Impl>(control, std::move(options))) {}

AdminServer::~AdminServer() { Stop(); }

bool AdminServer::Adopt(net::Fd socket, filter::AdminCaller caller) {
  return impl_->Adopt(std::move(socket), std::move(caller));
}

void AdminServer::SetServing(bool serving) { impl_->SetServing(serving); }

void AdminServer::Stop() { impl_->Stop(); }

}  // namespace culvert::admin
