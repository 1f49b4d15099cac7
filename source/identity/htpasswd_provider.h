// The provider of an Apache htpasswd file. Its users are an immutable table that a reload replaces
// whole, so checks go on while the file is read. Checks are slow: on hashing threads only.
#ifndef CULVERT_SOURCE_IDENTITY_HTPASSWD_PROVIDER_H_
#define CULVERT_SOURCE_IDENTITY_HTPASSWD_PROVIDER_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "source/identity/htpasswd.h"
#include "source/identity/keyed_hash.h"
#include "source/identity/provider.h"

namespace culvert::identity {

class HtpasswdProvider final : public IdentityProvider {
 public:
  // Every user of the file is in `groups`. Null if the file cannot be used; then `errors` has
  // gained at least one message, each naming the file and, where it can, the line.
  static std::shared_ptr<HtpasswdProvider> Load(std::string name, std::string path,
                                                std::vector<std::string> groups,
                                                std::vector<std::string>& errors);

  const std::string& name() const override { return name_; }
  bool Knows(std::string_view user) const override;
  CheckResult Verify(std::string_view user, std::string_view password,
                     HashScratch& scratch) const override;
  uint64_t generation() const override { return generation_.load(std::memory_order_acquire); }
  bool FastPath() const override { return false; }
  // Compares inode, size and times. The file may be missing, half-written or wrong: the users stay
  // as they were.
  absl::StatusOr<bool> ReloadIfChanged() override;

 private:
  // Tells one state of the file from another. All zero: there is no file.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t modified_ns = 0;
    // Also moves when the mode changes, so that a repaired permission is noticed.
    int64_t changed_ns = 0;

    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  // `index` points into `entries`: neither copied nor moved.
  struct Table {
    explicit Table(std::vector<HtpasswdEntry> users);
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;
    const HtpasswdEntry* Find(std::string_view user) const;

    const std::vector<HtpasswdEntry> entries;
    std::unordered_map<std::string_view, const HtpasswdEntry*> index;
  };

  HtpasswdProvider(std::string name, std::string path, std::vector<std::string> groups);
  static Stamp StampOf(const std::string& path);
  bool Read(std::vector<std::string>& errors);
  std::shared_ptr<const Table> table() const;

  const std::string name_;
  const std::string path_;
  const std::vector<std::string> groups_;
  const KeyedHash hash_;

  std::mutex reload_mutex_;
  // Of the last attempt to read, good or bad. Under reload_mutex_.
  Stamp stamp_;

  mutable std::mutex table_mutex_;
  // Never null once loaded. Under table_mutex_, which is held to copy the pointer only.
  std::shared_ptr<const Table> table_;
  // Never newer than table_.
  std::atomic<uint64_t> generation_ = 0;
};

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_HTPASSWD_PROVIDER_H_
