// The versions of the config in the state directory: one file each, whole or not at all. They hold
// secrets, so the folder has mode 0700 and the files 0600. Main thread.
#ifndef CULVERT_SOURCE_SERVER_CONFIG_STORE_H_
#define CULVERT_SOURCE_SERVER_CONFIG_STORE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "source/server/config_version.h"

namespace culvert::server {

// A version that is on disk, but not yet one of the store's: gone again unless it is committed.
class PendingVersion {
 public:
  PendingVersion(PendingVersion&& other) noexcept
      : temporary_(std::exchange(other.temporary_, "")), file_(std::move(other.file_)) {}
  PendingVersion& operator=(PendingVersion&&) = delete;
  ~PendingVersion();

  // Once. After an error the store is as it was.
  absl::Status Commit();

 private:
  friend class ConfigStore;
  PendingVersion(std::string temporary, std::string file)
      : temporary_(std::move(temporary)), file_(std::move(file)) {}

  std::string temporary_;  // empty: there is none
  std::string file_;
};

class ConfigStore {
 public:
  // Makes `<state_directory>/config` where it is missing.
  static absl::StatusOr<ConfigStore> Open(const std::string& state_directory);

  // Newest first. A file that is torn or not ours is passed over, with a line in `warnings` that
  // also says which version takes its place.
  std::vector<ConfigVersionPtr> Load(std::vector<std::string>& warnings) const;

  // The highest number that a file has, torn ones included; 0: there are none.
  uint64_t NewestNumber() const;

  // In two steps: what can fail for want of space or rights fails in the first.
  absl::StatusOr<PendingVersion> Prepare(const ConfigVersion& version) const;
  // Removes all but the version with this number and the `kept` newest of those before it.
  void Prune(uint64_t number, size_t kept) const;

  // All of it: on disk when it returns OK, whatever happens to the machine then. Of the others the
  // `kept` newest stay.
  absl::Status Save(const ConfigVersion& version, size_t kept) const;

 private:
  explicit ConfigStore(std::string directory) : directory_(std::move(directory)) {}

  // The numbers of the files, highest first. `foreign`, if not null, gets the paths of what is no
  // file of ours.
  std::vector<uint64_t> Numbers(std::vector<std::string>* foreign) const;

  std::string directory_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_CONFIG_STORE_H_
