// Which config a process starts with: the file that it was given, or what was last applied to the
// process before it. Main thread, before anything else runs.
#ifndef CULVERT_SOURCE_SERVER_INITIAL_CONFIG_H_
#define CULVERT_SOURCE_SERVER_INITIAL_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "source/config/loader.h"
#include "source/server/config_store.h"
#include "source/server/config_version.h"

namespace culvert::server {

enum class StartFrom : uint8_t {
  // What the admin API applied last, if the state directory has such a config; else the file.
  kLastApplied,
  kFile,
  // What was running, wherever it came from: another process is being replaced, not its config.
  kRunning,
};

// `last-applied` or `file`.
std::optional<StartFrom> ParseStartFrom(std::string_view text);

// How versions that were read from the file begin their `origin`.
inline constexpr std::string_view kFileOrigin = "file ";

struct InitialConfig {
  config::LoadResult loaded;
  // What it is called from now on: the version that it was, or the next one.
  ConfigVersion version;
  std::optional<ConfigStore> store;
  std::vector<ConfigVersionPtr> history;
};

// The folder of a config file, absolute.
std::string BaseDirectoryOf(const std::string& config_file);

// The state directory that the config asks for, absolute; empty if it asks for none. Made, with
// mode 0700, if it is missing.
absl::StatusOr<std::string> StateDirectoryOf(const config::v1::Config& config,
                                             const std::string& base_directory);

// `from_file` was loaded from `file` without error. Its `process` part counts in any case: it is
// what only a restart can change. What is noteworthy is logged.
absl::StatusOr<InitialConfig> ChooseInitialConfig(config::LoadResult from_file,
                                                  const std::string& file,
                                                  const std::string& state_directory,
                                                  StartFrom start_from,
                                                  const config::LoadOptions& options);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_INITIAL_CONFIG_H_
