// What a process has before it knows its config, and needs to check one: `run` and `validate` load
// configs through it. Owned by main(), on the main thread.
#ifndef CULVERT_SOURCE_SERVER_PROCESS_H_
#define CULVERT_SOURCE_SERVER_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "source/config/loader.h"
#include "source/net/resolver.h"
#include "source/server/snapshot_builder.h"

namespace culvert::server {

// Name servers that cannot be read are left out and reported.
net::ResolverOptions ResolverOptionsOf(const config::v1::Resolver& config,
                                       std::vector<FieldError>& errors);

// A config, loaded and built. Either a snapshot or errors.
struct LoadedConfig {
  SnapshotPtr snapshot;
  // By position.
  std::vector<config::ConfigError> errors;
  // What is hardly meant, by position; of the whole config, also of what has not changed.
  std::vector<config::ConfigError> warnings;
};

class Process {
 public:
  static absl::StatusOr<std::unique_ptr<Process>> Create(const filter::Registry& filters,
                                                         uint32_t workers);

  // Does all that `run` does short of listening. Relative file names start at the file's folder.
  LoadedConfig Load(const std::string& file);

  // As Load, of what a loader has made, errors included: those of the build join them. What is as
  // in `before` (null: nothing to compare with) is taken over from there, as the same object:
  // listeners, clusters, identity providers.
  LoadedConfig Build(config::LoadResult loaded, const std::string& base_directory,
                     const Snapshot* before);

  ProcessServices& services() { return *services_; }
  stats::Registry& stats() { return stats_; }
  access_log::LogThread& logs() { return *logs_; }

 private:
  explicit Process(uint32_t workers) : stats_(workers) {}

  stats::Registry stats_;
  std::unique_ptr<access_log::LogThread> logs_;
  std::unique_ptr<ProcessServices> services_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_PROCESS_H_
