#include "source/server/snapshot_builder.h"

#include <fmt/format.h>

#include <utility>

#include "source/base/data_source.h"
#include "source/base/duration.h"
#include "source/base/status.h"

namespace culvert::server {
namespace {

constexpr size_t kDefaultLogBuffer = 1024 * 1024;
constexpr int kDefaultBacklog = 4096;

using LoggerPtr = std::shared_ptr<const access_log::AccessLogger>;

class Builder final : public filter::BuildEnvironment {
 public:
  Builder(const config::v1::Config& config, const std::string& base_directory,
          ProcessServices& services, std::vector<FieldError>& errors)
      : config_(config), base_directory_(base_directory), services_(services), errors_(errors) {}

  SnapshotPtr Build() {
    const size_t before = errors_.size();
    snapshot_->config = config_;
    snapshot_->identity_providers = identity::BuildProviders(config_, base_directory_, errors_);
    for (int i = 0; i < config_.clusters_size(); ++i) {
      auto cluster = upstream::Cluster::Create(config_.clusters(i), fmt::format("clusters[{}]", i),
                                               services_.stats, errors_);
      if (cluster) snapshot_->clusters.emplace(cluster->name(), cluster);
    }
    const std::vector<LoggerPtr> loggers = OpenLogs(config_.access_log(), "access_log");
    for (int i = 0; i < config_.listeners_size(); ++i) {
      BuildListener(config_.listeners(i), fmt::format("listeners[{}]", i), loggers);
    }
    return errors_.size() == before ? snapshot_ : nullptr;
  }

  stats::Registry& stats() override { return services_.stats; }
  uint32_t workers() const override { return services_.stats.workers(); }
  const std::string& base_directory() const override { return base_directory_; }
  std::shared_ptr<upstream::Cluster> FindCluster(std::string_view name) override {
    const auto found = snapshot_->clusters.find(name);
    return found == snapshot_->clusters.end() ? nullptr : found->second;
  }
  identity::IdentityProviderPtr FindIdentityProvider(std::string_view name) override {
    const auto found = snapshot_->identity_providers.find(name);
    return found == snapshot_->identity_providers.end() ? nullptr : found->second;
  }
  std::shared_ptr<identity::CredentialVerifier> credential_verifier() override {
    return services_.verifier;
  }

 private:
  void Error(std::string path, std::string_view message) {
    errors_.push_back({std::move(path), std::string(message)});
  }

  std::vector<LoggerPtr> OpenLogs(
      const google::protobuf::RepeatedPtrField<config::v1::AccessLog>& logs,
      const std::string& path) {
    std::vector<LoggerPtr> loggers;
    for (int i = 0; i < logs.size(); ++i) {
      const config::v1::AccessLog& log = logs[i];
      const size_t buffer = log.buffer_size() != 0 ? log.buffer_size() : kDefaultLogBuffer;
      auto file = services_.logs.Open(ResolveFilename(log.filename(), base_directory_), buffer);
      if (!file.ok()) {
        Error(fmt::format("{}[{}].filename", path, i), Message(file.status()));
        continue;
      }
      const auto format = log.format() == config::v1::AccessLog::TEXT ? access_log::Format::kText
                                                                      : access_log::Format::kJson;
      loggers.push_back(std::make_shared<access_log::AccessLogger>(format, *std::move(file)));
    }
    return loggers;
  }

  void BuildListener(const config::v1::Listener& config, const std::string& path,
                     const std::vector<LoggerPtr>& process_loggers) {
    auto listener = std::make_shared<ListenerSnapshot>();
    listener->name = config.name();
    if (auto address = net::SocketAddress::Parse(config.address()); address.ok()) {
      SetAddress(*listener, *address, path);
    } else {
      Error(path + ".address", Message(address.status()));
    }
    listener->backlog =
        config.backlog() != 0 ? static_cast<int>(config.backlog()) : kDefaultBacklog;
    if (config.max_client_hello_size() != 0)
      listener->max_client_hello_size = config.max_client_hello_size();
    listener->chain_match_timeout =
        DurationOr(config.has_chain_match_timeout(), config.chain_match_timeout(),
                   listener->chain_match_timeout);
    listener->max_connection_lifetime = DurationOr(
        config.has_max_connection_lifetime(), config.max_connection_lifetime(), Duration::max());
    listener->drain_timeout =
        DurationOr(config.has_drain_timeout(), config.drain_timeout(), Duration::max());
    BuildChains(config, path, *listener);
    SetUpContext(*listener, config.access_log().empty()
                                ? process_loggers
                                : OpenLogs(config.access_log(), path + ".access_log"));
    auto& limits = services_.limits[config.name()];
    if (!limits) limits = std::make_shared<ConnectionLimits>(services_.connections);
    listener->limits = limits;
    snapshot_->listeners.push_back(std::move(listener));
  }

  void SetAddress(ListenerSnapshot& listener, const net::SocketAddress& address,
                  const std::string& path) {
    for (const ListenerSnapshotPtr& other : snapshot_->listeners) {
      if (other->address == address) {
        Error(path + ".address",
              fmt::format("listener '{}' has this address already", other->name));
      }
    }
    listener.address = address;
    listener.needs_local_address =
        address.is_ip() &&
        (net::Classify(address.ip()) == net::AddressClass::kUnspecified || address.port() == 0);
  }

  void BuildChains(const config::v1::Listener& config, const std::string& path,
                   ListenerSnapshot& listener) {
    if (!config.filters().empty()) {
      listener.matcher.Add({}, path, errors_);
      listener.chains.push_back({"", Chain(config.filters(), path + ".filters", config.name())});
    }
    for (int i = 0; i < config.filter_chains_size(); ++i) {
      const config::v1::FilterChain& chain = config.filter_chains(i);
      const std::string chain_path = fmt::format("{}.filter_chains[{}]", path, i);
      listener.matcher.Add(chain.match(), chain_path + ".match", errors_);
      listener.chains.push_back(
          {chain.name(), Chain(chain.filters(), chain_path + ".filters", config.name())});
    }
  }

  filter::ChainPtr Chain(const google::protobuf::RepeatedPtrField<config::v1::Filter>& filters,
                         const std::string& path, const std::string& listener) {
    return filter::BuildChain(filters, path, listener, services_.filters, *this, errors_);
  }

  void SetUpContext(ListenerSnapshot& listener, const std::vector<LoggerPtr>& loggers) {
    const stats::Labels labels = {{"listener", listener.name}};
    stats::Registry& stats = services_.stats;
    listener.stats = {&stats.GetCounter("culvert_listener_connections_total", labels,
                                        "Connections that came in."),
                      &stats.GetGauge("culvert_listener_connections_active", labels,
                                      "Connections that are open."),
                      &stats.GetCounter("culvert_listener_no_chain_match_total", labels,
                                        "Connections that no filter chain takes."),
                      &stats.GetCounter("culvert_listener_client_hello_failures_total", labels,
                                        "Connections that ended before a chain could be chosen."),
                      &stats.GetHistogram("culvert_listener_connection_duration_seconds", labels,
                                          "How long connections lasted.", stats::LatencyBuckets())};
    listener.context.name = listener.name;
    listener.context.received_bytes =
        &stats.GetCounter("culvert_listener_received_bytes_total", labels, "Bytes from clients.");
    listener.context.sent_bytes =
        &stats.GetCounter("culvert_listener_sent_bytes_total", labels, "Bytes to clients.");
    if (loggers.empty()) return;
    listener.context.log = [loggers](const access_log::Record& record) {
      for (const LoggerPtr& logger : loggers) logger->Log(record);
    };
  }

  const config::v1::Config& config_;
  const std::string& base_directory_;
  ProcessServices& services_;
  std::vector<FieldError>& errors_;
  std::shared_ptr<Snapshot> snapshot_ = std::make_shared<Snapshot>();
};

}  // namespace

SnapshotPtr BuildSnapshot(const config::v1::Config& config, const std::string& base_directory,
                          ProcessServices& services, std::vector<FieldError>& errors) {
  return Builder(config, base_directory, services, errors).Build();
}

}  // namespace culvert::server
