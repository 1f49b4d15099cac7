// Reads the text of an Apache htpasswd file: `name:hash` lines, `#` comments, blank lines. A third
// field is ignored, as Apache and nginx do. Pure: text in, users or errors out.
#ifndef CULVERT_SOURCE_IDENTITY_HTPASSWD_H_
#define CULVERT_SOURCE_IDENTITY_HTPASSWD_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace culvert::identity {

inline constexpr size_t kMaxHtpasswdSize = 16 * 1024 * 1024;
inline constexpr size_t kMaxHtpasswdLine = 1024;
inline constexpr size_t kMaxUserNameSize = 255;
// After so many the rest of the file is not looked at.
inline constexpr size_t kMaxHtpasswdErrors = 50;

struct HtpasswdEntry {
  std::string name;
  // Has passed ValidateHash().
  std::string hash;
};

struct HtpasswdError {
  // From 1.
  size_t line;
  // Quotes nothing but user names: the rest of a line may be a password.
  std::string message;
};

struct HtpasswdFile {
  std::vector<HtpasswdEntry> entries;
  // In the order of the lines. If there are any, `entries` is not to be used.
  std::vector<HtpasswdError> errors;
};

HtpasswdFile ParseHtpasswd(std::string_view text);

// A name that Basic credentials (RFC 7617 section 2) can carry: 1 to 255 bytes, no ':', no control
// character.
absl::Status ValidateUserName(std::string_view name);

// True for what neither a name nor a password may hold (RFC 7617 section 2: CTL).
bool HasControlCharacter(std::string_view text);

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_HTPASSWD_H_
