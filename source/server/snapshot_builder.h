// Builds a snapshot from a config: opens what it names, compiles what it says, resolves what it
// refers to. All sources of configs, and `validate`, go through here. Main thread.
#ifndef CULVERT_SOURCE_SERVER_SNAPSHOT_BUILDER_H_
#define CULVERT_SOURCE_SERVER_SNAPSHOT_BUILDER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "source/access_log/log_thread.h"
#include "source/filter/admin_gate.h"
#include "source/filter/registry.h"
#include "source/identity/verifier.h"
#include "source/server/snapshot.h"
#include "source/tls/ticket_key_store.h"

namespace culvert::server {

// What outlives every snapshot of a process.
struct ProcessServices {
  const filter::Registry& filters;
  stats::Registry& stats;
  access_log::LogThread& logs;
  std::shared_ptr<identity::CredentialVerifier> verifier;
  ConnectionCount connections{0};
  // By listener name, so that a reload goes on counting; gone with the last connection.
  std::map<std::string, std::weak_ptr<ConnectionLimits>> limits = {};
  tls::TicketKeyStore ticket_keys = {};
  // Null where there is no admin API. To be set before the first config is built.
  filter::AdminGate* admin_gate = nullptr;
};

// What a build has to say.
struct Findings {
  std::vector<FieldError> errors;
  std::vector<FieldError> warnings;
};

// Null after errors were appended; then nothing has changed but that files were read. Relative file
// names start at `base_directory`. What has not changed since `before`, if there is one, is taken
// from there.
SnapshotPtr BuildSnapshot(config::v1::Config config, const std::string& base_directory,
                          const Snapshot* before, ProcessServices& services, Findings& findings);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_SNAPSHOT_BUILDER_H_
