// The config of a running process and its history: every change of it, wherever it comes from
// (file, admin API, rollback, a certificate file that changed), goes through here. Main thread.
#ifndef CULVERT_SOURCE_SERVER_CONFIG_MANAGER_H_
#define CULVERT_SOURCE_SERVER_CONFIG_MANAGER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "source/config/diff.h"
#include "source/config/loader.h"
#include "source/server/config_store.h"
#include "source/server/config_version.h"
#include "source/server/process.h"

namespace culvert::server {

// A config as its author has it.
struct ConfigText {
  config::Format format = config::Format::kYaml;
  std::string content;
  std::string file_name;  // for errors; empty: `config`
};
struct ConfigSource {
  // A LoadResult was loaded on a thread that has the time for it: a large text takes long.
  std::variant<config::v1::Config, ConfigText, config::LoadResult> config;
  // Where relative file names start; empty: where those of the running config do.
  std::string base_directory;
};

struct ApplyRequest {
  ConfigSource source;
  // The version that must be running; 0: any.
  uint64_t expected_version = 0;
  std::string origin;
  std::string author;
  std::string label;
  // Everything but the change.
  bool dry_run = false;
};

struct ApplyOutcome {
  enum class Kind : uint8_t {
    kApplied,
    kUnchanged,     // it is what runs already; no version was made
    kChecked,       // a dry run that found nothing wrong
    kInvalid,       // see `errors`
    kConflict,      // another version runs than the one that was expected
    kNeedsRestart,  // see `restart_fields`
    kFailed,        // see `message`: an address cannot be listened on, the state cannot be written
    kNotFound,      // no such version
    kUnavailable,   // the process is draining or being replaced
  };
  Kind kind = Kind::kFailed;
  // What runs after it.
  ConfigVersionPtr version;
  std::vector<config::Change> changes;
  std::vector<std::string> warnings;
  std::vector<config::ConfigError> errors;
  std::vector<std::string> restart_fields;
  // Why, where the lists above do not say it.
  std::string message;
};

// What a config is swapped on.
class SnapshotHost {
 public:
  virtual ~SnapshotHost() = default;
  // All or nothing: an error, and nothing has changed, if a new address cannot be listened on.
  virtual absl::Status Swap(SnapshotPtr snapshot) = 0;
};

class ConfigManager {
 public:
  using Watcher = std::function<void(const ConfigVersionPtr&)>;

  // `process` and `host` outlive it.
  ConfigManager(Process& process, SnapshotHost& host) : process_(process), host_(host) {}

  // The config that a process starts with, and what `running()` is until the first Apply: the
  // newest of `history`, or a new version, which gets a number that none had before. `snapshot` was
  // built from it and is being served. With a store, `history` is what it holds. Fails if the
  // version cannot be stored.
  absl::Status Start(ConfigVersion version, SnapshotPtr snapshot, std::optional<ConfigStore> store,
                     std::vector<ConfigVersionPtr> history);

  // Why nothing can be applied at the moment (`the process is draining`); empty: it can.
  void Close(std::string reason) { closed_ = std::move(reason); }
  void Reopen() { closed_.clear(); }

  ApplyOutcome Apply(ApplyRequest request);
  // What the file says now; its folder is where relative file names start.
  ApplyOutcome ApplyFile(const std::string& file);
  // `source` and `origin` of the request are not looked at.
  ApplyOutcome Rollback(uint64_t version, ApplyRequest request);
  // kChecked or kInvalid, and for a config that would be refused for another reason that reason.
  ApplyOutcome Validate(ConfigSource source);

  // Builds the running config again if a file that it names has changed: no new version. What was
  // wrong with it is logged once, and the files' contents from before stay in use. Nothing if there
  // was nothing new, otherwise whether the new contents are in use.
  std::optional<bool> RefreshFiles();

  const ConfigVersionPtr& running() const { return running_; }
  const SnapshotPtr& snapshot() const { return snapshot_; }
  // The running one included; newest first.
  const std::vector<ConfigVersionPtr>& History() const { return history_; }
  // Null: not kept.
  ConfigVersionPtr Find(uint64_t number) const;

  // `watcher` is called on the main thread after each new version, until Unwatch().
  uint64_t Watch(Watcher watcher);
  void Unwatch(uint64_t id) { watchers_.erase(id); }

 private:
  // To begin with: the running version goes on.
  ApplyOutcome Unchanged() const;
  // Why the request is refused whatever its config is; nothing: it is not.
  std::optional<ApplyOutcome> Refuse(const ApplyRequest& request) const;
  ApplyOutcome ApplyLoaded(config::LoadResult loaded, const std::string& base_directory,
                           const ApplyRequest& request);
  // Stores `version` and serves `snapshot`: both or neither.
  ApplyOutcome Commit(ConfigVersion version, SnapshotPtr snapshot, ApplyOutcome outcome);
  void Adopt(ConfigVersion version, SnapshotPtr snapshot);
  config::LoadOptions LoadOptions() const;
  uint64_t NextNumber() const;
  size_t MaxKept() const;

  Process& process_;
  SnapshotHost& host_;
  std::optional<ConfigStore> store_;
  ConfigVersionPtr running_;
  SnapshotPtr snapshot_;
  std::vector<ConfigVersionPtr> history_;  // newest first, the running one included
  // As they were when the running config could not be built from them.
  FileFingerprints refused_files_;
  std::map<uint64_t, Watcher> watchers_;
  uint64_t next_watcher_ = 1;
  std::string closed_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_CONFIG_MANAGER_H_
