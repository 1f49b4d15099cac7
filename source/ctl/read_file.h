// Whole files and streams that people name on a command line. Blocking; any thread.
#ifndef CULVERT_SOURCE_CTL_READ_FILE_H_
#define CULVERT_SOURCE_CTL_READ_FILE_H_

#include <cstdio>
#include <string>

#include "absl/status/statusor.h"

namespace culvert::ctl {

// At most 64 MiB. The error begins with `name`.
absl::StatusOr<std::string> ReadStream(std::FILE* stream, const std::string& name);
absl::StatusOr<std::string> ReadFile(const std::string& name);

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_READ_FILE_H_
