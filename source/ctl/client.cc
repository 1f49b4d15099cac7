#include "source/ctl/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>

#include "api/culvert/admin/v1/config.grpc.pb.h"
#include "api/culvert/admin/v1/runtime.grpc.pb.h"
#include "source/base/status.h"

namespace culvert::ctl {
namespace {

constexpr auto kReconnectPause = std::chrono::milliseconds(200);

Outcome Unreached(const absl::Status& status) {
  return {.code = status.code(),
          .message = std::string(Message(status)),
          .details = {},
          .lost = status.code() == absl::StatusCode::kUnavailable};
}

std::chrono::system_clock::time_point DeadlineIn(Duration limit) {
  using Time = std::chrono::system_clock;
  if (limit == Duration::max()) return Time::time_point::max();
  return Time::now() + std::chrono::duration_cast<Time::duration>(limit);
}

// gRPC gives the same code for a connection that failed and for a server that says no.
bool IsLoss(const grpc::Status& status) {
  static constexpr std::array<std::string_view, 6> kLosses = {
      "Socket closed", "Transport closed",     "Connection reset by peer",
      "Broken pipe",   "Cancelling all calls", "GOAWAY received"};
  return status.error_code() == grpc::StatusCode::UNAVAILABLE &&
         std::ranges::any_of(kLosses, [&](std::string_view loss) {
           return status.error_message().find(loss) != std::string::npos;
         });
}

}  // namespace

// Members go in the order of their destruction, last first: the channel before its tunnel.
struct Client::Connection {
  std::unique_ptr<TlsTunnel> tunnel;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::ConfigService::Stub> config;
  std::unique_ptr<v1::RuntimeService::Stub> runtime;
  std::unique_ptr<v1::ConnectionService::Stub> connections;
  std::unique_ptr<v1::ServerService::Stub> server;
};

Client::Client(ClientOptions options) : options_(std::move(options)) {
  // Never shut down: that would wait for up to 10 s for gRPC's poller of sockets that could not be
  // written at once.
  grpc_init();
  // What gRPC logs is of use to who asks for it alone.
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

Client::~Client() = default;

absl::Status Client::Connect() {
  if (connection_ != nullptr) return absl::OkStatus();
  const TimePoint deadline = After(Clock::now(), options_.timeout);
  auto socket = ctl::Connect(options_.address, deadline);
  if (!socket.ok()) return socket.status();
  auto connection = std::make_unique<Connection>();
  net::Fd fd = *std::move(socket);
  if (options_.tls) {
    auto tunnel = TlsTunnel::Open(std::move(fd), *options_.tls, deadline);
    if (!tunnel.ok()) {
      const std::string message =
          fmt::format("{}: {}", options_.address.ToString(), Message(tunnel.status()));
      return absl::Status(tunnel.status().code(), ToAbsl(message));
    }
    connection->tunnel = *std::move(tunnel);
    fd = connection->tunnel->TakePlainEnd();
  }
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  connection->channel = grpc::CreateCustomInsecureChannelFromFd("culvert", fd.Release(), arguments);
  connection->config = v1::ConfigService::NewStub(connection->channel);
  connection->runtime = v1::RuntimeService::NewStub(connection->channel);
  connection->connections = v1::ConnectionService::NewStub(connection->channel);
  connection->server = v1::ServerService::NewStub(connection->channel);
  connection_ = std::move(connection);
  return absl::OkStatus();
}

Outcome Client::End(const grpc::Status& status) {
  Outcome outcome{.code = static_cast<absl::StatusCode>(status.error_code()),
                  .message = status.error_message(),
                  .details = status.error_details(),
                  .lost = IsLoss(status)};
  if (outcome.lost) {
    outcome.message = ExplainLoss(outcome.message);
    connection_.reset();
  } else if (outcome.code == absl::StatusCode::kInternal &&
             outcome.message.find("http1") != std::string::npos) {
    outcome.message =
        fmt::format("{}: who listens there does not speak gRPC", options_.address.ToString());
  }
  return outcome;
}

std::string Client::ExplainLoss(std::string reason) const {
  if (const TlsTunnel* tunnel = connection_->tunnel.get(); tunnel != nullptr) {
    if (std::string error = tunnel->error(); !error.empty()) reason = std::move(error);
  }
  std::string hint;
  if (options_.tls && options_.tls->certificate_file.empty()) {
    hint = "; does the server want a certificate? --certificate and --key say which";
  } else if (!options_.tls && !options_.address.unix_socket) {
    hint = "; does the server want TLS? --ca FILE turns it on";
  }
  return fmt::format("{}: the connection was lost ({}){}", options_.address.ToString(), reason,
                     hint);
}

template <class Service, class Method, class Request, class Response>
Outcome Client::Unary(std::unique_ptr<Service> Connection::* service, Method method,
                      const Request& request, Response* response) {
  if (const absl::Status status = Connect(); !status.ok()) return Unreached(status);
  grpc::ClientContext context;
  context.set_deadline(DeadlineIn(options_.timeout));
  const auto status = ((*connection_.*service).get()->*method)(&context, request, response);
  return End(status);
}

template <class Service, class Method, class Request, class Response>
Outcome Client::Stream(std::unique_ptr<Service> Connection::* service, Method method,
                       const Request& request, const Each<Response>& each, Duration limit) {
  if (const absl::Status status = Connect(); !status.ok()) return Unreached(status);
  grpc::ClientContext context;
  context.set_deadline(DeadlineIn(limit));
  const auto reader = ((*connection_.*service).get()->*method)(&context, request);
  Response response;
  while (reader->Read(&response)) {
    if (each(response)) continue;
    context.TryCancel();
    reader->Finish();
    return {};
  }
  return End(reader->Finish());
}

template <class Service, class Method, class Request, class Response>
Outcome Client::WatchOn(std::unique_ptr<Service> Connection::* service, Method method,
                        const Request& request, const Each<Response>& each) {
  bool begun = false;
  bool stopped = false;
  std::optional<TimePoint> give_up;
  const Each<Response> note = [&](const Response& response) {
    begun = true;
    give_up.reset();
    stopped = !each(response);
    return !stopped;
  };
  while (true) {
    Outcome outcome = Stream(service, method, request, note, Duration::max());
    if (stopped) return {};
    if (outcome.ok()) {
      outcome = {.code = absl::StatusCode::kUnavailable,
                 .message = fmt::format("{} ended the watch", options_.address.ToString()),
                 .details = {},
                 .lost = true};
    }
    if (!begun || outcome.code != absl::StatusCode::kUnavailable) return outcome;
    if (!give_up) give_up = After(Clock::now(), options_.reconnect);
    if (Clock::now() >= *give_up) return outcome;
    connection_.reset();
    std::this_thread::sleep_for(kReconnectPause);
  }
}

Outcome Client::Call(const v1::ValidateRequest& request, v1::ValidateResponse* response) {
  return Unary(&Connection::config, &v1::ConfigService::Stub::Validate, request, response);
}

Outcome Client::Call(const v1::ApplyRequest& request, v1::ApplyResponse* response) {
  return Unary(&Connection::config, &v1::ConfigService::Stub::Apply, request, response);
}

Outcome Client::Call(const v1::GetRequest& request, v1::GetResponse* response) {
  return Unary(&Connection::config, &v1::ConfigService::Stub::Get, request, response);
}

Outcome Client::Call(const v1::DiffRequest& request, v1::DiffResponse* response) {
  return Unary(&Connection::config, &v1::ConfigService::Stub::Diff, request, response);
}

Outcome Client::Call(const v1::HistoryRequest& request, v1::HistoryResponse* response) {
  return Unary(&Connection::config, &v1::ConfigService::Stub::History, request, response);
}

Outcome Client::Call(const v1::RollbackRequest& request, v1::ApplyResponse* response) {
  return Unary(&Connection::config, &v1::ConfigService::Stub::Rollback, request, response);
}

Outcome Client::Call(const v1::ListListenersRequest& request, v1::ListListenersResponse* response) {
  return Unary(&Connection::runtime, &v1::RuntimeService::Stub::ListListeners, request, response);
}

Outcome Client::Call(const v1::ListClustersRequest& request, v1::ListClustersResponse* response) {
  return Unary(&Connection::runtime, &v1::RuntimeService::Stub::ListClusters, request, response);
}

Outcome Client::Call(const v1::ListCertificatesRequest& request,
                     v1::ListCertificatesResponse* response) {
  return Unary(&Connection::runtime, &v1::RuntimeService::Stub::ListCertificates, request,
               response);
}

Outcome Client::Call(const v1::GetStatsRequest& request, v1::GetStatsResponse* response) {
  return Unary(&Connection::runtime, &v1::RuntimeService::Stub::GetStats, request, response);
}

Outcome Client::Call(const v1::KillRequest& request, v1::KillResponse* response) {
  return Unary(&Connection::connections, &v1::ConnectionService::Stub::Kill, request, response);
}

Outcome Client::Call(const v1::GetInfoRequest& request, v1::ServerInfo* response) {
  return Unary(&Connection::server, &v1::ServerService::Stub::GetInfo, request, response);
}

Outcome Client::Call(const v1::GetLogLevelsRequest& request, v1::LogLevels* response) {
  return Unary(&Connection::server, &v1::ServerService::Stub::GetLogLevels, request, response);
}

Outcome Client::Call(const v1::SetLogLevelRequest& request, v1::LogLevels* response) {
  return Unary(&Connection::server, &v1::ServerService::Stub::SetLogLevel, request, response);
}

Outcome Client::Call(const v1::ReopenLogsRequest& request, v1::ReopenLogsResponse* response) {
  return Unary(&Connection::server, &v1::ServerService::Stub::ReopenLogs, request, response);
}

Outcome Client::Call(const v1::DrainRequest& request, v1::DrainResponse* response) {
  return Unary(&Connection::server, &v1::ServerService::Stub::Drain, request, response);
}

Outcome Client::Call(const v1::ShutdownRequest& request, v1::ShutdownResponse* response) {
  return Unary(&Connection::server, &v1::ServerService::Stub::Shutdown, request, response);
}

Outcome Client::Call(const v1::ListConnectionsRequest& request,
                     v1::ListConnectionsResponse* response) {
  response->Clear();
  const Each<v1::ListConnectionsResponse> add = [response](const auto& page) {
    response->MergeFrom(page);
    return true;
  };
  return Stream(&Connection::connections, &v1::ConnectionService::Stub::List, request, add,
                options_.timeout);
}

Outcome Client::Watch(const v1::WatchRequest& request, const Each<v1::Version>& each) {
  return WatchOn(&Connection::config, &v1::ConfigService::Stub::Watch, request, each);
}

Outcome Client::Watch(const v1::WatchStatsRequest& request,
                      const Each<v1::GetStatsResponse>& each) {
  return WatchOn(&Connection::runtime, &v1::RuntimeService::Stub::WatchStats, request, each);
}

Outcome Client::Watch(const v1::WatchConnectionsRequest& request,
                      const Each<v1::ListConnectionsResponse>& each) {
  return WatchOn(&Connection::connections, &v1::ConnectionService::Stub::Watch, request, each);
}

}  // namespace culvert::ctl
