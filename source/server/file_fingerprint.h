// Tells one state of a file from another without reading it. Values; any thread.
#ifndef CULVERT_SOURCE_SERVER_FILE_FINGERPRINT_H_
#define CULVERT_SOURCE_SERVER_FILE_FINGERPRINT_H_

#include <cstdint>
#include <string>
#include <unordered_map>

namespace culvert::server {

// All zero: there is no such file, or we may not look at it.
struct FileFingerprint {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = 0;
  int64_t modified_ns = 0;
  // Also moves when the mode changes, so that a repaired permission is noticed.
  int64_t changed_ns = 0;

  friend bool operator==(const FileFingerprint&, const FileFingerprint&) = default;
};

// Of what a symbolic link points to. To be taken before the file is read: then a change in between
// is noticed the next time.
FileFingerprint FingerprintOf(const std::string& path);

// By path.
using FileFingerprints = std::unordered_map<std::string, FileFingerprint>;

// The file's in `known`, taken now if it is not there yet: one look at a file serves a whole build.
const FileFingerprint& CurrentFingerprint(const std::string& path, FileFingerprints& known);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_FILE_FINGERPRINT_H_
