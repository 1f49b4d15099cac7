#include "source/server/process.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "source/base/duration.h"
#include "source/base/log.h"
#include "source/base/status.h"
#include "source/server/admin_address.h"

namespace culvert::server {
namespace {

std::string DirectoryOf(const std::string& file) {
  const std::filesystem::path directory = std::filesystem::path(file).parent_path();
  return directory.empty() ? "." : directory.string();
}

// Up to the filter that a path is in; the whole path outside of filters.
std::string_view FilterOf(std::string_view path) {
  constexpr std::string_view kFilters = ".filters[";
  const size_t filters = path.find(kFilters);
  if (filters == std::string_view::npos) return path;
  return path.substr(0, path.find(']', filters) + 1);
}

// Whether an error of the build is but the consequence of one that the loader has reported: in the
// same filter, in a field within the other, or round it.
bool FollowsFrom(const FieldError& error, const std::vector<config::ConfigError>& known) {
  const std::string_view place = FilterOf(error.path);
  return std::ranges::any_of(known, [&](const config::ConfigError& other) {
    const std::string_view other_place = FilterOf(other.path);
    return place.starts_with(other_place) || other_place.starts_with(place);
  });
}

}  // namespace

net::ResolverOptions ResolverOptionsOf(const config::v1::Resolver& config,
                                       std::vector<FieldError>& errors) {
  net::ResolverOptions options;
  for (int i = 0; i < config.servers_size(); ++i) {
    auto server = net::ParseNameServer(config.servers(i));
    if (server.ok()) {
      options.ares.servers.push_back(*server);
    } else {
      errors.push_back(
          {fmt::format("process.resolver.servers[{}]", i), std::string(Message(server.status()))});
    }
  }
  options.ares.query_timeout =
      DurationOr(config.has_query_timeout(), config.query_timeout(), options.ares.query_timeout);
  if (config.tries() != 0) options.ares.tries = static_cast<int>(config.tries());
  if (config.max_cache_entries() != 0) options.cache.max_names = config.max_cache_entries();
  options.cache.minimum_ttl =
      DurationOr(config.has_minimum_ttl(), config.minimum_ttl(), options.cache.minimum_ttl);
  options.cache.maximum_ttl =
      DurationOr(config.has_maximum_ttl(), config.maximum_ttl(), options.cache.maximum_ttl);
  options.cache.negative_ttl =
      DurationOr(config.has_negative_ttl(), config.negative_ttl(), options.cache.negative_ttl);
  return options;
}

absl::StatusOr<std::unique_ptr<Process>> Process::Create(const filter::Registry& filters,
                                                         uint32_t workers) {
  std::unique_ptr<Process> process(new Process(workers));
  auto logs = access_log::LogThread::Start(process->stats_, [](std::string_view message) {
    log::Warning(log::kAccessLog, "access log: {}", message);
  });
  if (!logs.ok()) return logs.status();
  process->logs_ = *std::move(logs);
  auto verifier = identity::CredentialVerifier::Start({});
  if (!verifier.ok()) return verifier.status();
  process->services_ = std::make_unique<ProcessServices>(filters, process->stats_, *process->logs_,
                                                         *std::move(verifier));
  return process;
}

LoadedConfig Process::Load(const std::string& file) {
  return Build(config::LoadConfigFile(file, {services_->filters.Names()}), DirectoryOf(file),
               nullptr);
}

LoadedConfig Process::Build(config::LoadResult loaded, const std::string& base_directory,
                            const Snapshot* before) {
  LoadedConfig result;
  // What could be read is built even after errors: a user sees all of them at once.
  Findings findings;
  const config::v1::Process& process = loaded.config.process();
  ResolverOptionsOf(process.resolver(), findings.errors);
  if (!process.admin().address().empty()) {
    const absl::Status checked = CheckAdminAddress(process.admin().address());
    if (!checked.ok()) {
      findings.errors.push_back({"process.admin.address", std::string(Message(checked))});
    }
  }
  SnapshotPtr snapshot =
      BuildSnapshot(std::move(loaded.config), base_directory, before, *services_, findings);
  result.errors = loaded.errors;
  for (const FieldError& error : findings.errors) {
    if (FollowsFrom(error, loaded.errors)) continue;
    result.errors.push_back(loaded.sources.Error(error.path, error.message));
  }
  for (const FieldError& warning : findings.warnings) {
    result.warnings.push_back(loaded.sources.Error(warning.path, warning.message));
  }
  std::ranges::stable_sort(result.errors, {}, &config::ConfigError::position);
  std::ranges::stable_sort(result.warnings, {}, &config::ConfigError::position);
  if (result.errors.empty()) result.snapshot = std::move(snapshot);
  return result;
}

}  // namespace culvert::server
