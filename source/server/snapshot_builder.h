// Builds a snapshot from a config: opens what it names, compiles what it says, resolves what it
// refers to. All sources of configs, and `validate`, go through here. Main thread.
#ifndef CULVERT_SOURCE_SERVER_SNAPSHOT_BUILDER_H_
#define CULVERT_SOURCE_SERVER_SNAPSHOT_BUILDER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "source/access_log/log_thread.h"
#include "source/filter/registry.h"
#include "source/identity/verifier.h"
#include "source/server/snapshot.h"

namespace culvert::server {

// What outlives every snapshot of a process.
struct ProcessServices {
  const filter::Registry& filters;
  stats::Registry& stats;
  access_log::LogThread& logs;
  std::shared_ptr<identity::CredentialVerifier> verifier;
  ConnectionCount connections{0};
  // By listener name, so that a reload goes on counting.
  std::map<std::string, std::shared_ptr<ConnectionLimits>> limits = {};
};

// Null after errors were appended; then nothing has changed but that files were read. Relative file
// names start at `base_directory`.
SnapshotPtr BuildSnapshot(const config::v1::Config& config, const std::string& base_directory,
                          ProcessServices& services, std::vector<FieldError>& errors);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_SNAPSHOT_BUILDER_H_
