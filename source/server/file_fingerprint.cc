#include "source/server/file_fingerprint.h"

#include <sys/stat.h>

namespace culvert::server {
namespace {

int64_t Nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

}  // namespace

FileFingerprint FingerprintOf(const std::string& path) {
  struct stat facts;
  if (::stat(path.c_str(), &facts) != 0) return {};
  return {.device = facts.st_dev,
          .inode = facts.st_ino,
          .size = facts.st_size,
          .modified_ns = Nanoseconds(facts.st_mtim),
          .changed_ns = Nanoseconds(facts.st_ctim)};
}

const FileFingerprint& CurrentFingerprint(const std::string& path, FileFingerprints& known) {
  const auto [entry, is_new] = known.try_emplace(path);
  if (is_new) entry->second = FingerprintOf(path);
  return entry->second;
}

}  // namespace culvert::server
