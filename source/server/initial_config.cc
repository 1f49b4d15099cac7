#include "source/server/initial_config.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "source/base/data_source.h"
#include "source/base/log.h"
#include "source/base/status.h"

namespace culvert::server {
namespace {

// Null: the file it is.
ConfigVersionPtr VersionToUse(const std::vector<ConfigVersionPtr>& history, StartFrom start_from) {
  if (history.empty() || start_from == StartFrom::kFile) return nullptr;
  const bool from_file = history.front()->origin.starts_with(kFileOrigin);
  if (from_file && start_from == StartFrom::kLastApplied) return nullptr;
  return history.front();
}

void UseVersion(const ConfigVersion& applied, const config::LoadOptions& options,
                InitialConfig& initial) {
  config::v1::Config config = applied.config();
  *config.mutable_process() = initial.loaded.config.process();
  initial.loaded = config::LoadConfigMessage(std::move(config), options);
  initial.version.origin = applied.origin;
  initial.version.author = applied.author;
  initial.version.label = applied.label;
  initial.version.base_directory = applied.base_directory;
}

}  // namespace

std::optional<StartFrom> ParseStartFrom(std::string_view text) {
  if (text == "last-applied") return StartFrom::kLastApplied;
  if (text == "file") return StartFrom::kFile;
  return std::nullopt;
}

std::string BaseDirectoryOf(const std::string& config_file) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(config_file, error);
  return error ? "." : path.lexically_normal().parent_path().string();
}

absl::StatusOr<std::string> StateDirectoryOf(const config::v1::Config& config,
                                             const std::string& base_directory) {
  const std::string& wanted = config.process().state_directory();
  if (wanted.empty()) return std::string();
  const std::string directory = ResolveFilename(wanted, base_directory);
  struct stat info;
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return FailedPrecondition(fmt::format(
        "process.state_directory: {} cannot be made: {}; make its parent, or let this user write "
        "there",
        directory, std::strerror(errno)));
  }
  if (stat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return FailedPrecondition(
        fmt::format("process.state_directory: {} is no directory", directory));
  }
  return directory;
}

absl::StatusOr<InitialConfig> ChooseInitialConfig(config::LoadResult from_file,
                                                  const std::string& file,
                                                  const std::string& state_directory,
                                                  StartFrom start_from,
                                                  const config::LoadOptions& options) {
  InitialConfig initial;
  initial.loaded = std::move(from_file);
  initial.version.origin = std::string(kFileOrigin) + file;
  initial.version.base_directory = BaseDirectoryOf(file);
  if (!state_directory.empty()) {
    auto store = ConfigStore::Open(state_directory);
    if (!store.ok()) return store.status();
    std::vector<std::string> warnings;
    initial.history = store->Load(warnings);
    for (const std::string& warning : warnings) log::Warning(log::kConfig, "{}", warning);
    initial.store = *std::move(store);
  }
  if (const ConfigVersionPtr used = VersionToUse(initial.history, start_from)) {
    UseVersion(*used, options, initial);
    log::Info(log::kConfig, "starting with version {} ({}) of the state directory{}", used->number,
              used->origin,
              start_from == StartFrom::kLastApplied
                  ? fmt::format(", not with {}; --start-from file would change that", file)
                  : "");
  }
  ConfigVersion& version = initial.version;
  version.packed_config = Pack(initial.loaded.config);
  version.checksum = ChecksumOf(version.packed_config);
  version.applied = std::chrono::system_clock::now();
  version.number = 1;
  if (!initial.history.empty()) {
    const ConfigVersion& newest = *initial.history.front();
    const bool same =
        newest.checksum == version.checksum && newest.base_directory == version.base_directory;
    if (same) {
      version = newest;
    } else {
      version.number = newest.number + 1;
    }
  }
  return initial;
}

}  // namespace culvert::server
