#include "test/ctl/fake_server.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "api/culvert/admin/v1/config.grpc.pb.h"
#include "api/culvert/admin/v1/runtime.grpc.pb.h"

namespace culvert::ctl {
namespace {

using grpc::ServerContext;
using grpc::Status;

struct State {
  Answers answers;
  Requests requests;
  std::mutex mutex;
  std::condition_variable changed;
  bool ending = false;

  Status Error() const {
    return Status(static_cast<grpc::StatusCode>(answers.error_code), answers.error_message,
                  answers.error_details);
  }
  template <class Response>
  Status Answer(const Response& from, Response* to) {
    if (answers.error_code == 0) *to = from;
    return Error();
  }
  template <class Response>
  Status Send(const std::vector<Response>& from, grpc::ServerWriter<Response>* to) {
    for (const Response& response : from) to->Write(response);
    return Error();
  }
  template <class Response>
  Status SendAndStay(const std::vector<Response>& from, grpc::ServerWriter<Response>* to) {
    const Status status = Send(from, to);
    if (!status.ok()) return status;
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return ending; });
    return Status::OK;
  }
};

class Config : public v1::ConfigService::Service {
 public:
  explicit Config(State& state) : state_(state) {}

  Status Validate(ServerContext*, const v1::ValidateRequest* request,
                  v1::ValidateResponse* response) override {
    state_.requests.validate = *request;
    return state_.Answer(state_.answers.validate, response);
  }
  Status Apply(ServerContext*, const v1::ApplyRequest* request,
               v1::ApplyResponse* response) override {
    state_.requests.apply = *request;
    return state_.Answer(state_.answers.apply, response);
  }
  Status Get(ServerContext*, const v1::GetRequest* request, v1::GetResponse* response) override {
    state_.requests.get = *request;
    return state_.Answer(state_.answers.get, response);
  }
  Status Diff(ServerContext*, const v1::DiffRequest* request, v1::DiffResponse* response) override {
    state_.requests.diff = *request;
    return state_.Answer(state_.answers.diff, response);
  }
  Status History(ServerContext*, const v1::HistoryRequest*,
                 v1::HistoryResponse* response) override {
    return state_.Answer(state_.answers.history, response);
  }
  Status Rollback(ServerContext*, const v1::RollbackRequest* request,
                  v1::ApplyResponse* response) override {
    state_.requests.rollback = *request;
    return state_.Answer(state_.answers.apply, response);
  }
  Status Watch(ServerContext*, const v1::WatchRequest*,
               grpc::ServerWriter<v1::Version>* writer) override {
    return state_.SendAndStay(state_.answers.versions, writer);
  }

 private:
  State& state_;
};

class Runtime : public v1::RuntimeService::Service {
 public:
  explicit Runtime(State& state) : state_(state) {}

  Status ListListeners(ServerContext*, const v1::ListListenersRequest*,
                       v1::ListListenersResponse* response) override {
    return state_.Answer(state_.answers.listeners, response);
  }
  Status ListClusters(ServerContext*, const v1::ListClustersRequest*,
                      v1::ListClustersResponse* response) override {
    return state_.Answer(state_.answers.clusters, response);
  }
  Status ListCertificates(ServerContext*, const v1::ListCertificatesRequest*,
                          v1::ListCertificatesResponse* response) override {
    return state_.Answer(state_.answers.certificates, response);
  }
  Status GetStats(ServerContext*, const v1::GetStatsRequest* request,
                  v1::GetStatsResponse* response) override {
    state_.requests.stats = *request;
    return state_.Answer(state_.answers.stats, response);
  }
  Status WatchStats(ServerContext*, const v1::WatchStatsRequest* request,
                    grpc::ServerWriter<v1::GetStatsResponse>* writer) override {
    state_.requests.watch_stats = *request;
    return state_.SendAndStay(state_.answers.stats_watch, writer);
  }

 private:
  State& state_;
};

class Connections : public v1::ConnectionService::Service {
 public:
  explicit Connections(State& state) : state_(state) {}

  Status List(ServerContext*, const v1::ListConnectionsRequest* request,
              grpc::ServerWriter<v1::ListConnectionsResponse>* writer) override {
    state_.requests.list_connections = *request;
    return state_.Send(state_.answers.connections, writer);
  }
  Status Watch(ServerContext*, const v1::WatchConnectionsRequest* request,
               grpc::ServerWriter<v1::ListConnectionsResponse>* writer) override {
    state_.requests.watch_connections = *request;
    return state_.SendAndStay(state_.answers.connections, writer);
  }
  Status Kill(ServerContext*, const v1::KillRequest* request, v1::KillResponse* response) override {
    state_.requests.kills.push_back(*request);
    return state_.Answer(state_.answers.kill, response);
  }

 private:
  State& state_;
};

class Server : public v1::ServerService::Service {
 public:
  explicit Server(State& state) : state_(state) {}

  Status GetInfo(ServerContext*, const v1::GetInfoRequest*, v1::ServerInfo* response) override {
    return state_.Answer(state_.answers.info, response);
  }
  Status GetLogLevels(ServerContext*, const v1::GetLogLevelsRequest*,
                      v1::LogLevels* response) override {
    return state_.Answer(state_.answers.log_levels, response);
  }
  Status SetLogLevel(ServerContext*, const v1::SetLogLevelRequest* request,
                     v1::LogLevels* response) override {
    state_.requests.log_levels.push_back(*request);
    return state_.Answer(state_.answers.log_levels, response);
  }
  Status ReopenLogs(ServerContext*, const v1::ReopenLogsRequest*,
                    v1::ReopenLogsResponse*) override {
    state_.requests.reopened_logs = true;
    return state_.Error();
  }
  Status Drain(ServerContext*, const v1::DrainRequest* request,
               v1::DrainResponse* response) override {
    state_.requests.drain = *request;
    return state_.Answer(state_.answers.drain, response);
  }
  Status Shutdown(ServerContext*, const v1::ShutdownRequest*,
                  v1::ShutdownResponse* response) override {
    state_.requests.shut_down = true;
    return state_.Answer(state_.answers.shutdown, response);
  }

 private:
  State& state_;
};

}  // namespace

struct FakeServer::Services {
  State state;
  Config config{state};
  Runtime runtime{state};
  Connections connections{state};
  Server server{state};
  std::unique_ptr<grpc::Server> grpc_server;
};

FakeServer::FakeServer(const std::string& socket_path, Answers answers)
    : services_(std::make_unique<Services>()) {
  services_->state.answers = std::move(answers);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket_path, grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(&services_->config);
  builder.RegisterService(&services_->runtime);
  builder.RegisterService(&services_->connections);
  builder.RegisterService(&services_->server);
  services_->grpc_server = builder.BuildAndStart();
}

FakeServer::~FakeServer() {
  {
    const std::lock_guard lock(services_->state.mutex);
    services_->state.ending = true;
  }
  services_->state.changed.notify_all();
  services_->grpc_server->Shutdown(std::chrono::system_clock::now());
}

Answers& FakeServer::answers() { return services_->state.answers; }
const Requests& FakeServer::requests() const { return services_->state.requests; }

}  // namespace culvert::ctl
