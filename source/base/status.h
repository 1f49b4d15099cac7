// absl::Status with std::string_view at the edges: Debian's abseil has a string_view of its own
// that does not convert, so statuses are made and read through these few functions.
#ifndef CULVERT_SOURCE_BASE_STATUS_H_
#define CULVERT_SOURCE_BASE_STATUS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace culvert {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

inline absl::Status InvalidArgument(std::string_view message) {
  return absl::InvalidArgumentError(ToAbsl(message));
}
inline absl::Status NotFound(std::string_view message) {
  return absl::NotFoundError(ToAbsl(message));
}
inline absl::Status FailedPrecondition(std::string_view message) {
  return absl::FailedPreconditionError(ToAbsl(message));
}
inline absl::Status Unavailable(std::string_view message) {
  return absl::UnavailableError(ToAbsl(message));
}
inline absl::Status Internal(std::string_view message) {
  return absl::InternalError(ToAbsl(message));
}

// The text of a status; valid as long as the status is.
inline std::string_view Message(const absl::Status& status) { return ToStd(status.message()); }

}  // namespace culvert

#endif  // CULVERT_SOURCE_BASE_STATUS_H_
