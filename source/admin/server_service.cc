#include <fmt/format.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "api/culvert/admin/v1/runtime.grpc.pb.h"
#include "source/admin/call.h"
#include "source/admin/errors.h"
#include "source/admin/services.h"
#include "source/admin/time_messages.h"
#include "source/base/duration.h"
#include "source/base/log.h"
#include "source/base/version.h"
#include "source/server/server.h"

namespace culvert::admin {

using server::Server;

namespace {

void FillLevels(v1::LogLevels& message) {
  for (const log::ComponentLevel& entry : log::Levels()) {
    v1::LogLevels::Component& component = *message.add_components();
    component.set_name(std::string(ToString(entry.component)));
    component.set_level(std::string(ToString(entry.level)));
  }
}

v1::ServerInfo ToMessage(const server::ServerInfo& info) {
  v1::ServerInfo message;
  message.set_version(std::string(kVersion));
  message.set_state(info.draining ? v1::ServerInfo::DRAINING : v1::ServerInfo::SERVING);
  message.set_pid(getpid());
  message.set_workers(info.workers);
  *message.mutable_start() = ToTimestamp(info.start);
  message.set_config_version(info.config_version);
  message.set_node_id(info.node_id);
  message.set_node_cluster(info.node_cluster);
  message.set_connections(info.connections);
  return message;
}

class ServerService final : public v1::ServerService::Service {
 public:
  explicit ServerService(const Backend& backend) : backend_(backend) {}

  grpc::Status GetInfo(grpc::ServerContext* context, const v1::GetInfoRequest*,
                       v1::ServerInfo* response) override {
    const Call call(backend_, *context);
    const auto info = call.OnMain([](Server& server) { return server.info(); });
    if (!info) return call.Unanswered();
    *response = ToMessage(*info);
    return grpc::Status::OK;
  }

  grpc::Status GetLogLevels(grpc::ServerContext*, const v1::GetLogLevelsRequest*,
                            v1::LogLevels* response) override {
    FillLevels(*response);
    return grpc::Status::OK;
  }

  grpc::Status SetLogLevel(grpc::ServerContext* context, const v1::SetLogLevelRequest* request,
                           v1::LogLevels* response) override {
    if (!backend_.may_change()) return ReadOnly();
    const Call call(backend_, *context);
    const auto level = log::ParseLevel(request->level());
    if (!level) {
      return InvalidField({"level", fmt::format("is trace, debug, info, warning or error, not `{}`",
                                                request->level())});
    }
    const auto component = log::ParseComponent(request->component());
    if (!component && !request->component().empty()) {
      return InvalidField({"component", fmt::format("there is no component `{}`; GetLogLevels "
                                                    "lists them",
                                                    request->component())});
    }
    log::Info(log::kAdmin, "{} sets the log level of {} to {}", call.caller(),
              component ? request->component() : "all components", request->level());
    if (component) {
      log::SetLevel(*component, *level);
    } else {
      log::SetLevel(*level);
    }
    FillLevels(*response);
    return grpc::Status::OK;
  }

  grpc::Status ReopenLogs(grpc::ServerContext* context, const v1::ReopenLogsRequest*,
                          v1::ReopenLogsResponse*) override {
    if (!backend_.may_change()) return ReadOnly();
    const Call call(backend_, *context);
    const auto done = call.OnMain([](Server& server) {
      server.ReopenLogs();
      return true;
    });
    return done ? grpc::Status::OK : call.Unanswered();
  }

  grpc::Status Drain(grpc::ServerContext* context, const v1::DrainRequest* request,
                     v1::DrainResponse* response) override {
    if (!backend_.may_change()) return ReadOnly();
    const Call call(backend_, *context);
    std::optional<Duration> timeout;
    if (request->has_timeout()) timeout = DurationOr(true, request->timeout(), {});
    if (timeout && *timeout < Duration::zero()) {
      return InvalidField({"timeout", "is negative; give one from 0s on"});
    }
    log::Info(log::kAdmin, "{} drains the process", call.caller());
    const auto connections = call.OnMain([timeout](Server& server) {
      const uint32_t open = server.info().connections;
      server.Drain(timeout);
      return open;
    });
    if (!connections) return call.Unanswered();
    response->set_connections(*connections);
    return grpc::Status::OK;
  }

  grpc::Status Shutdown(grpc::ServerContext* context, const v1::ShutdownRequest*,
                        v1::ShutdownResponse* response) override {
    if (!backend_.may_change()) return ReadOnly();
    const Call call(backend_, *context);
    log::Info(log::kAdmin, "{} ends the process", call.caller());
    const auto connections = call.OnMain([](Server& server) {
      const uint32_t open = server.info().connections;
      server.Shutdown();
      return open;
    });
    if (!connections) return call.Unanswered();
    response->set_connections(*connections);
    return grpc::Status::OK;
  }

 private:
  const Backend& backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeServerService(const Backend& backend) {
  return std::make_unique<ServerService>(backend);
}

}  // namespace culvert::admin
