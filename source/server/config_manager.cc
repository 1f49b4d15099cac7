#include "source/server/config_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "source/base/log.h"
#include "source/base/status.h"
#include "source/server/file_fingerprint.h"
#include "source/server/initial_config.h"

namespace culvert::server {
namespace {

constexpr size_t kDefaultKeptVersions = 20;

using Kind = ApplyOutcome::Kind;

// Without `..` and a slash at the end, so that one folder has one name.
std::string Absolute(const std::string& directory) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(directory, error).lexically_normal();
  if (error) return directory;
  return path.has_filename() ? path.string() : path.parent_path().string();
}

config::LoadResult Load(ConfigSource source, const config::LoadOptions& options) {
  if (auto* loaded = std::get_if<config::LoadResult>(&source.config)) return std::move(*loaded);
  if (auto* message = std::get_if<config::v1::Config>(&source.config)) {
    return config::LoadConfigMessage(std::move(*message), options);
  }
  const ConfigText& text = std::get<ConfigText>(source.config);
  return config::LoadConfigText(text.content, text.format,
                                text.file_name.empty() ? "config" : text.file_name, options);
}

std::vector<std::string> RestartFields(const Snapshot& before, const Snapshot& after) {
  std::vector<std::string> fields =
      config::DifferingFields(before.config.process(), after.config.process());
  for (std::string& field : fields) field.insert(0, "process.");
  return fields;
}

FileFingerprints Fingerprints(const FileFingerprints& files) {
  FileFingerprints now;
  for (const auto& [path, before] : files) now.emplace(path, FingerprintOf(path));
  return now;
}

ApplyOutcome With(ApplyOutcome outcome, Kind kind, std::string message = "") {
  outcome.kind = kind;
  outcome.message = std::move(message);
  return outcome;
}

}  // namespace

absl::Status ConfigManager::Start(ConfigVersion version, SnapshotPtr snapshot,
                                  std::optional<ConfigStore> store,
                                  std::vector<ConfigVersionPtr> history) {
  snapshot_ = std::move(snapshot);
  store_ = std::move(store);
  history_ = std::move(history);
  if (!history_.empty() && history_.front()->number == version.number &&
      history_.front()->checksum == version.checksum) {
    running_ = history_.front();
    return absl::OkStatus();
  }
  version.number = std::max(version.number, NextNumber());
  running_ = std::make_shared<const ConfigVersion>(std::move(version));
  history_.insert(history_.begin(), running_);
  return store_ ? store_->Save(*running_, MaxKept()) : absl::OkStatus();
}

ApplyOutcome ConfigManager::Apply(ApplyRequest request) {
  if (auto refusal = Refuse(request)) return *std::move(refusal);
  const std::string& directory = request.source.base_directory;
  const std::string base_directory =
      directory.empty() ? running_->base_directory : Absolute(directory);
  return ApplyLoaded(Load(std::move(request.source), LoadOptions()), base_directory, request);
}

ApplyOutcome ConfigManager::ApplyFile(const std::string& file) {
  ApplyRequest request;
  request.origin = std::string(kFileOrigin) + file;
  if (auto refusal = Refuse(request)) return *std::move(refusal);
  return ApplyLoaded(config::LoadConfigFile(file, LoadOptions()), BaseDirectoryOf(file), request);
}

ApplyOutcome ConfigManager::Rollback(uint64_t number, ApplyRequest request) {
  if (auto refusal = Refuse(request)) return *std::move(refusal);
  const ConfigVersionPtr version = Find(number);
  if (version == nullptr) {
    return With(Unchanged(), Kind::kNotFound, fmt::format("version {} is not kept", number));
  }
  request.origin = fmt::format("rollback to {}", number);
  return ApplyLoaded(config::LoadConfigMessage(version->config(), LoadOptions()),
                     version->base_directory, request);
}

ApplyOutcome ConfigManager::Validate(ConfigSource source) {
  ApplyRequest request;
  request.source = std::move(source);
  request.dry_run = true;
  return Apply(std::move(request));
}

ApplyOutcome ConfigManager::Unchanged() const {
  ApplyOutcome outcome;
  outcome.version = running_;
  return outcome;
}

std::optional<ApplyOutcome> ConfigManager::Refuse(const ApplyRequest& request) const {
  if (!closed_.empty()) return With(Unchanged(), Kind::kUnavailable, closed_);
  if (request.expected_version != 0 && request.expected_version != running_->number) {
    return With(Unchanged(), Kind::kConflict,
                fmt::format("version {} was expected to run, but version {} does",
                            request.expected_version, running_->number));
  }
  return std::nullopt;
}

ApplyOutcome ConfigManager::ApplyLoaded(config::LoadResult loaded,
                                        const std::string& base_directory,
                                        const ApplyRequest& request) {
  ApplyOutcome outcome = Unchanged();
  ConfigVersion version;
  version.origin = request.origin;
  version.author = request.author;
  version.label = request.label;
  version.base_directory = base_directory;
  if (loaded.ok()) {
    version.packed_config = Pack(loaded.config);
    version.checksum = ChecksumOf(version.packed_config);
    const bool same =
        version.checksum == running_->checksum && base_directory == running_->base_directory;
    // A dry run is also asked whether what the config names is still in order.
    if (same && !request.dry_run && !FilesChanged(*snapshot_)) {
      return With(std::move(outcome), Kind::kUnchanged);
    }
  }
  LoadedConfig built = process_.Build(std::move(loaded), base_directory, snapshot_.get());
  for (const config::ConfigError& warning : built.warnings) {
    outcome.warnings.push_back(config::ToString(warning));
  }
  if (built.snapshot == nullptr) {
    outcome.errors = std::move(built.errors);
    return With(std::move(outcome), Kind::kInvalid);
  }
  outcome.restart_fields = RestartFields(*snapshot_, *built.snapshot);
  if (!outcome.restart_fields.empty()) return With(std::move(outcome), Kind::kNeedsRestart);
  outcome.changes = config::Compare(snapshot_->config, built.snapshot->config);
  if (request.dry_run) return With(std::move(outcome), Kind::kChecked);
  if (!outcome.changes.empty() || base_directory != running_->base_directory) {
    return Commit(std::move(version), std::move(built.snapshot), std::move(outcome));
  }
  // The config says the same, but maybe the files that it names do not.
  if (const absl::Status swapped = host_.Swap(built.snapshot); !swapped.ok()) {
    return With(std::move(outcome), Kind::kFailed, std::string(Message(swapped)));
  }
  snapshot_ = std::move(built.snapshot);
  return With(std::move(outcome), Kind::kUnchanged);
}

ApplyOutcome ConfigManager::Commit(ConfigVersion version, SnapshotPtr snapshot,
                                   ApplyOutcome outcome) {
  const auto fail = [&outcome](const absl::Status& status) {
    return With(std::move(outcome), Kind::kFailed, std::string(Message(status)));
  };
  version.number = NextNumber();
  version.applied = std::chrono::system_clock::now();
  // The store goes first and last: a full disk shows before anything has changed, and a version
  // that cannot be served is never one of the store's.
  std::optional<PendingVersion> pending;
  if (store_) {
    absl::StatusOr<PendingVersion> prepared = store_->Prepare(version);
    if (!prepared.ok()) return fail(prepared.status());
    pending.emplace(*std::move(prepared));
  }
  if (const absl::Status swapped = host_.Swap(snapshot); !swapped.ok()) return fail(swapped);
  if (pending) {
    if (const absl::Status stored = pending->Commit(); !stored.ok()) {
      const absl::Status back = host_.Swap(snapshot_);
      if (back.ok()) return fail(stored);
      // Nothing is left but to go on with what is being served.
      outcome.warnings.push_back(
          fmt::format("{}; a restart will not find this version, and the one "
                      "before could not be brought back: {}",
                      Message(stored), Message(back)));
      log::Error(log::kConfig, "version {}: {}", version.number, outcome.warnings.back());
    }
  }
  Adopt(std::move(version), std::move(snapshot));
  outcome.version = running_;
  return With(std::move(outcome), Kind::kApplied);
}

void ConfigManager::Adopt(ConfigVersion version, SnapshotPtr snapshot) {
  running_ = std::make_shared<const ConfigVersion>(std::move(version));
  snapshot_ = std::move(snapshot);
  history_.insert(history_.begin(), running_);
  history_.resize(std::min(history_.size(), MaxKept() + 1));
  if (store_) store_->Prune(running_->number, MaxKept());
  log::Info(log::kConfig, "version {} runs: {}{}{}", running_->number, running_->origin,
            running_->author.empty() ? "" : ", by ", running_->author);
  // A watcher may go while it is called, and others with it.
  std::vector<uint64_t> ids;
  for (const auto& [id, watcher] : watchers_) ids.push_back(id);
  for (const uint64_t id : ids) {
    const auto found = watchers_.find(id);
    if (found == watchers_.end()) continue;
    const Watcher watcher = found->second;
    watcher(running_);
  }
}

std::optional<bool> ConfigManager::RefreshFiles() {
  if (!closed_.empty() || !FilesChanged(*snapshot_)) return std::nullopt;
  FileFingerprints files = Fingerprints(snapshot_->files);
  if (files == refused_files_) return std::nullopt;
  config::LoadResult loaded;
  loaded.config = snapshot_->config;
  LoadedConfig built = process_.Build(std::move(loaded), running_->base_directory, snapshot_.get());
  absl::Status swapped;
  if (built.snapshot != nullptr) swapped = host_.Swap(built.snapshot);
  if (built.snapshot == nullptr || !swapped.ok()) {
    refused_files_ = std::move(files);
    const std::string why =
        swapped.ok() ? config::ToString(built.errors.front()) : std::string(Message(swapped));
    log::Warning(log::kConfig,
                 "a file of the config has changed, but cannot be used: {}; what was read before "
                 "stays in use",
                 why);
    return false;
  }
  refused_files_.clear();
  snapshot_ = std::move(built.snapshot);
  log::Info(log::kConfig, "files of the config have changed and were read again");
  for (const config::ConfigError& warning : built.warnings) {
    log::Warning(log::kConfig, "{}", config::ToString(warning));
  }
  return true;
}

ConfigVersionPtr ConfigManager::Find(uint64_t number) const {
  const auto found = std::ranges::find_if(
      history_, [number](const ConfigVersionPtr& version) { return version->number == number; });
  return found == history_.end() ? nullptr : *found;
}

uint64_t ConfigManager::Watch(Watcher watcher) {
  watchers_.emplace(next_watcher_, std::move(watcher));
  return next_watcher_++;
}

config::LoadOptions ConfigManager::LoadOptions() const {
  return {process_.services().filters.Names()};
}

uint64_t ConfigManager::NextNumber() const {
  uint64_t newest = history_.empty() ? 0 : history_.front()->number;
  if (store_) newest = std::max(newest, store_->NewestNumber());
  return newest + 1;
}

size_t ConfigManager::MaxKept() const {
  const uint32_t kept = snapshot_->config.process().max_kept_versions();
  return kept != 0 ? kept : kDefaultKeptVersions;
}

}  // namespace culvert::server
