#include "source/server/listener_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "source/base/data_source.h"
#include "source/base/duration.h"
#include "source/base/status.h"

namespace culvert::server {
namespace {

constexpr size_t kDefaultLogBuffer = 1024 * 1024;
constexpr int kDefaultBacklog = 4096;

// Each of them once, for a list that a hundred chains add the same things to.
template <class T>
void RemoveDuplicates(std::vector<T>& items) {
  std::ranges::sort(items);
  const auto duplicates = std::ranges::unique(items);
  items.erase(duplicates.begin(), duplicates.end());
}

ListenerStats StatsOf(const std::string& listener, stats::Registry& stats) {
  const stats::Labels labels = {{"listener", listener}};
  return {
      &stats.GetCounter("culvert_listener_connections_total", labels, "Connections that came in."),
      &stats.GetGauge("culvert_listener_connections_active", labels, "Connections that are open."),
      &stats.GetCounter("culvert_listener_no_chain_match_total", labels,
                        "Connections that no filter chain takes."),
      &stats.GetCounter("culvert_listener_client_hello_failures_total", labels,
                        "Connections that ended before a chain could be chosen."),
      &stats.GetHistogram("culvert_listener_connection_duration_seconds", labels,
                          "How long connections lasted.", stats::LatencyBuckets())};
}

}  // namespace

Loggers ListenerBuilder::OpenLogs(
    const google::protobuf::RepeatedPtrField<config::v1::AccessLog>& logs,
    const std::string& path) {
  Loggers loggers;
  for (int i = 0; i < logs.size(); ++i) {
    const config::v1::AccessLog& log = logs[i];
    const size_t buffer = log.buffer_size() != 0 ? log.buffer_size() : kDefaultLogBuffer;
    auto file = services_.logs.Open(ResolveFilename(log.filename(), base_directory()), buffer);
    if (!file.ok()) {
      findings_.errors.push_back(
          {fmt::format("{}[{}].filename", path, i), std::string(Message(file.status()))});
      continue;
    }
    const auto format = log.format() == config::v1::AccessLog::TEXT ? access_log::Format::kText
                                                                    : access_log::Format::kJson;
    loggers.push_back(std::make_shared<access_log::AccessLogger>(format, *std::move(file)));
  }
  return loggers;
}

ListenerSnapshotPtr ListenerBuilder::Build(const config::v1::Listener& config,
                                           const net::SocketAddress& address,
                                           const std::string& path, const MessageDigest& digest,
                                           const Loggers& process_loggers) {
  listener_ = std::make_shared<ListenerSnapshot>();
  listener_path_ = path;
  listener_->name = config.name();
  listener_->address = address;
  listener_->needs_local_address =
      address.is_ip() &&
      (net::Classify(address.ip()) == net::AddressClass::kUnspecified || address.port() == 0);
  listener_->built_from.config = digest;
  SetUpLimits(config);
  BuildChains(config, path);
  SetUpContext(config.access_log().empty() ? process_loggers
                                           : OpenLogs(config.access_log(), path + ".access_log"));
  RemoveDuplicates(listener_->built_from.clusters);
  RemoveDuplicates(listener_->built_from.identity_providers);
  return std::move(listener_);
}

void ListenerBuilder::SetUpLimits(const config::v1::Listener& config) {
  ListenerSnapshot& listener = *listener_;
  listener.backlog = config.backlog() != 0 ? static_cast<int>(config.backlog()) : kDefaultBacklog;
  if (config.max_client_hello_size() != 0) {
    listener.max_client_hello_size = config.max_client_hello_size();
  }
  listener.chain_match_timeout = DurationOr(
      config.has_chain_match_timeout(), config.chain_match_timeout(), listener.chain_match_timeout);
  listener.max_connection_lifetime = DurationOr(config.has_max_connection_lifetime(),
                                                config.max_connection_lifetime(), Duration::max());
  listener.drain_timeout =
      DurationOr(config.has_drain_timeout(), config.drain_timeout(), Duration::max());
  std::weak_ptr<ConnectionLimits>& shared = services_.limits[config.name()];
  listener.limits = shared.lock();
  if (!listener.limits) {
    listener.limits = std::make_shared<ConnectionLimits>(services_.connections);
    shared = listener.limits;
  }
}

void ListenerBuilder::BuildChains(const config::v1::Listener& config, const std::string& path) {
  if (!config.filters().empty()) {
    listener_->matcher.Add({}, path, findings_.errors);
    listener_->chains.push_back({"", Chain(config.filters(), path + ".filters")});
  }
  for (int i = 0; i < config.filter_chains_size(); ++i) {
    const config::v1::FilterChain& chain = config.filter_chains(i);
    const std::string chain_path = fmt::format("{}.filter_chains[{}]", path, i);
    listener_->matcher.Add(chain.match(), chain_path + ".match", findings_.errors);
    listener_->chains.push_back({chain.name(), Chain(chain.filters(), chain_path + ".filters")});
  }
}

filter::ChainPtr ListenerBuilder::Chain(
    const google::protobuf::RepeatedPtrField<config::v1::Filter>& filters,
    const std::string& path) {
  return filter::BuildChain(filters, path, listener_->name, services_.filters, *this,
                            findings_.errors);
}

void ListenerBuilder::SetUpContext(const Loggers& loggers) {
  const stats::Labels labels = {{"listener", listener_->name}};
  stats::Registry& stats = services_.stats;
  listener_->stats = StatsOf(listener_->name, stats);
  filter::ListenerContext& context = listener_->context;
  context.name = listener_->name;
  context.received_bytes =
      &stats.GetCounter("culvert_listener_received_bytes_total", labels, "Bytes from clients.");
  context.sent_bytes =
      &stats.GetCounter("culvert_listener_sent_bytes_total", labels, "Bytes to clients.");
  if (loggers.empty()) return;
  context.log = [loggers](const access_log::Record& record) {
    for (const auto& logger : loggers) logger->Log(record);
  };
}

std::shared_ptr<upstream::Cluster> ListenerBuilder::FindCluster(std::string_view name) {
  const auto found = snapshot_.clusters.find(name);
  if (found == snapshot_.clusters.end()) return nullptr;
  listener_->built_from.clusters.push_back(found->second);
  return found->second;
}

identity::IdentityProviderPtr ListenerBuilder::FindIdentityProvider(std::string_view name) {
  const auto found = snapshot_.identity_providers.find(name);
  if (found == snapshot_.identity_providers.end()) return nullptr;
  listener_->built_from.identity_providers.push_back(found->second);
  return found->second;
}

void ListenerBuilder::AddWarning(FieldError warning) {
  findings_.warnings.push_back(warning);
  MakeRelative(warning.path);
  listener_->warnings.push_back(std::move(warning));
}

void ListenerBuilder::NoteCertificate(filter::CertificateFacts facts) {
  MakeRelative(facts.path);
  listener_->certificates.push_back(std::move(facts));
}

void ListenerBuilder::NoteFile(const std::string& path) {
  listener_->built_from.files.try_emplace(path, CurrentFingerprint(path, snapshot_.files));
}

void ListenerBuilder::MakeRelative(std::string& path) const {
  path.erase(0, std::min(path.size(), listener_path_.size() + 1));
}

}  // namespace culvert::server
