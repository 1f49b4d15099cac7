#include <fmt/format.h>

#include <deque>
#include <string>
#include <utility>

#include "api/culvert/admin/v1/config.grpc.pb.h"
#include "source/admin/call.h"
#include "source/admin/config_messages.h"
#include "source/admin/errors.h"
#include "source/admin/services.h"
#include "source/config/loader.h"
#include "source/config/printer.h"
#include "source/config/redaction.h"
#include "source/server/server.h"

namespace culvert::admin {

using server::ApplyOutcome;
using server::ConfigVersionPtr;
using server::Server;

namespace {

// A watcher that has missed so many is better told so.
constexpr size_t kMostVersionsWaiting = 1000;

void Fill(const ApplyOutcome& outcome, v1::ApplyResponse& response) {
  if (outcome.version != nullptr) *response.mutable_version() = ToMessage(*outcome.version);
  for (const config::Change& change : outcome.changes) {
    *response.add_changes() = ToMessage(change);
  }
  for (const std::string& warning : outcome.warnings) response.add_warnings(warning);
}

// What is sent to one watcher: filled on the main thread, emptied on the call's.
struct VersionQueue {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<v1::Version> versions;  // guarded by mutex
  bool overflown = false;            // guarded by mutex
  uint64_t watcher = 0;              // main thread

  void Push(const server::ConfigVersion& version) {
    const std::scoped_lock lock(mutex);
    overflown = overflown || versions.size() >= kMostVersionsWaiting;
    if (!overflown) versions.push_back(ToMessage(version));
    changed.notify_all();
  }
};

class ConfigService final : public v1::ConfigService::Service {
 public:
  explicit ConfigService(const Backend& backend) : backend_(backend) {}

  grpc::Status Validate(grpc::ServerContext* context, const v1::ValidateRequest* request,
                        v1::ValidateResponse* response) override;
  grpc::Status Apply(grpc::ServerContext* context, const v1::ApplyRequest* request,
                     v1::ApplyResponse* response) override;
  grpc::Status Get(grpc::ServerContext* context, const v1::GetRequest* request,
                   v1::GetResponse* response) override;
  grpc::Status Diff(grpc::ServerContext* context, const v1::DiffRequest* request,
                    v1::DiffResponse* response) override;
  grpc::Status History(grpc::ServerContext* context, const v1::HistoryRequest* request,
                       v1::HistoryResponse* response) override;
  grpc::Status Rollback(grpc::ServerContext* context, const v1::RollbackRequest* request,
                        v1::ApplyResponse* response) override;
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::Version>* writer) override;

 private:
  struct Named {
    std::string name;
    config::v1::Config config;
  };

  // `source` as a config, without building it.
  config::LoadResult Load(server::ConfigSource source) const;
  // The version of that number, 0 for the running one.
  grpc::Status Find(const Call& call, uint64_t number, ConfigVersionPtr& version) const;
  grpc::Status FindNamed(const Call& call, uint64_t number, Named& named) const;

  const Backend& backend_;
};

config::LoadResult ConfigService::Load(server::ConfigSource source) const {
  const config::LoadOptions options{backend_.filter_names};
  if (auto* message = std::get_if<config::v1::Config>(&source.config)) {
    return config::LoadConfigMessage(std::move(*message), options);
  }
  const auto& text = std::get<server::ConfigText>(source.config);
  return config::LoadConfigText(text.content, text.format, text.file_name, options);
}

grpc::Status ConfigService::Find(const Call& call, uint64_t number,
                                 ConfigVersionPtr& version) const {
  auto found = call.OnMain([number](Server& server) {
    return number == 0 ? server.configs().running() : server.configs().Find(number);
  });
  if (!found) return call.Unanswered();
  if (*found == nullptr) {
    return {grpc::StatusCode::NOT_FOUND, fmt::format("version {} is not kept", number)};
  }
  version = *std::move(found);
  return grpc::Status::OK;
}

grpc::Status ConfigService::FindNamed(const Call& call, uint64_t number, Named& named) const {
  ConfigVersionPtr version;
  grpc::Status status = Find(call, number, version);
  if (status.ok()) named = {fmt::format("version {}", version->number), version->config()};
  return status;
}

grpc::Status ConfigService::Validate(grpc::ServerContext* context,
                                     const v1::ValidateRequest* request,
                                     v1::ValidateResponse* response) {
  if (!backend_.may_change()) return ReadOnly();
  const Call call(backend_, *context);
  FieldError error;
  auto source = FromMessage(request->source(), error);
  if (!source) return InvalidField(error);
  const config::LoadResult loaded = Load(*source);
  if (!loaded.ok()) return InvalidConfig(loaded.errors);
  const auto outcome = call.OnMain([source = *std::move(source)](Server& server) mutable {
    return server.configs().Validate(std::move(source));
  });
  if (!outcome) return call.Unanswered();
  for (const std::string& warning : outcome->warnings) response->add_warnings(warning);
  response->set_listeners(static_cast<uint32_t>(loaded.config.listeners_size()));
  response->set_clusters(static_cast<uint32_t>(loaded.config.clusters_size()));
  return ToStatus(*outcome);
}

grpc::Status ConfigService::Apply(grpc::ServerContext* context, const v1::ApplyRequest* request,
                                  v1::ApplyResponse* response) {
  if (!backend_.may_change()) return ReadOnly();
  const Call call(backend_, *context);
  FieldError error;
  auto source = FromMessage(request->source(), error);
  if (!source) return InvalidField(error);
  server::ApplyRequest apply{.source = *std::move(source),
                             .expected_version = request->expected_version(),
                             .origin = "api",
                             .author = call.caller(),
                             .label = request->label(),
                             .dry_run = request->dry_run()};
  const auto outcome = call.OnMain([apply = std::move(apply)](Server& server) mutable {
    return server.configs().Apply(std::move(apply));
  });
  if (!outcome) return call.Unanswered();
  Fill(*outcome, *response);
  return ToStatus(*outcome);
}

grpc::Status ConfigService::Get(grpc::ServerContext* context, const v1::GetRequest* request,
                                v1::GetResponse* response) {
  const Call call(backend_, *context);
  ConfigVersionPtr version;
  if (grpc::Status status = Find(call, request->version(), version); !status.ok()) return status;
  *response->mutable_version() = ToMessage(*version);
  config::v1::Config& config = *response->mutable_config();
  config = version->config();
  response->set_yaml(config::ToShortYaml(config));
  config::RedactSecrets(config);
  return grpc::Status::OK;
}

grpc::Status ConfigService::Diff(grpc::ServerContext* context, const v1::DiffRequest* request,
                                 v1::DiffResponse* response) {
  const Call call(backend_, *context);
  Named from;
  Named to;
  if (auto status = FindNamed(call, request->from_version(), from); !status.ok()) return status;
  if (request->has_source()) {
    FieldError error;
    auto source = FromMessage(request->source(), error);
    if (!source) return InvalidField(error);
    const std::string& file = request->source().text().file_name();
    config::LoadResult loaded = Load(*std::move(source));
    if (!loaded.ok()) return InvalidConfig(loaded.errors);
    to = {file.empty() ? "new" : file, std::move(loaded.config)};
  } else if (auto status = FindNamed(call, request->to_version(), to); !status.ok()) {
    return status;
  }
  for (const config::Change& change : config::Compare(from.config, to.config)) {
    *response->add_changes() = ToMessage(change);
  }
  response->set_unified(config::UnifiedDiff(config::ToShortYaml(from.config),
                                            config::ToShortYaml(to.config), from.name, to.name));
  return grpc::Status::OK;
}

grpc::Status ConfigService::History(grpc::ServerContext* context, const v1::HistoryRequest*,
                                    v1::HistoryResponse* response) {
  const Call call(backend_, *context);
  const auto versions = call.OnMain([](Server& server) {
    return std::pair(server.configs().running()->number, server.configs().History());
  });
  if (!versions) return call.Unanswered();
  response->set_running_version(versions->first);
  for (const ConfigVersionPtr& version : versions->second) {
    *response->add_versions() = ToMessage(*version);
  }
  return grpc::Status::OK;
}

grpc::Status ConfigService::Rollback(grpc::ServerContext* context,
                                     const v1::RollbackRequest* request,
                                     v1::ApplyResponse* response) {
  if (!backend_.may_change()) return ReadOnly();
  const Call call(backend_, *context);
  server::ApplyRequest apply{.source = {},
                             .expected_version = request->expected_version(),
                             .origin = fmt::format("rollback to {}", request->version()),
                             .author = call.caller(),
                             .label = request->label()};
  const auto outcome =
      call.OnMain([number = request->version(), apply = std::move(apply)](Server& server) mutable {
        return server.configs().Rollback(number, std::move(apply));
      });
  if (!outcome) return call.Unanswered();
  Fill(*outcome, *response);
  return ToStatus(*outcome);
}

grpc::Status ConfigService::Watch(grpc::ServerContext* context, const v1::WatchRequest*,
                                  grpc::ServerWriter<v1::Version>* writer) {
  const WatchSlot slot(backend_.watches);
  if (!slot.taken()) return TooManyWatches();
  const Call call(backend_, *context, Call::Kind::kWatch);
  const auto queue = std::make_shared<VersionQueue>();
  const bool begun = call.OnMain([queue](Server& server) {
                           queue->Push(*server.configs().running());
                           queue->watcher = server.configs().Watch(
                               [queue](const ConfigVersionPtr& version) { queue->Push(*version); });
                           return true;
                         })
                         .has_value();
  std::unique_lock lock(queue->mutex);
  while (begun && call.Wait(lock, queue->changed, kNever,
                            [&] { return queue->overflown || !queue->versions.empty(); })) {
    if (queue->overflown) break;
    const v1::Version version = std::move(queue->versions.front());
    queue->versions.pop_front();
    lock.unlock();
    const bool written = writer->Write(version);
    lock.lock();
    if (!written) break;
  }
  const bool overflown = queue->overflown;
  lock.unlock();
  // Also where the first call was given up: it may have been carried out.
  Call::Undo(backend_, [queue](Server& server) {
    server.configs().Unwatch(queue->watcher);
    return true;
  });
  if (overflown) {
    return {grpc::StatusCode::RESOURCE_EXHAUSTED, "versions were made faster than they were read"};
  }
  return call.Unanswered();
}

}  // namespace

std::unique_ptr<grpc::Service> MakeConfigService(const Backend& backend) {
  return std::make_unique<ConfigService>(backend);
}

}  // namespace culvert::admin
