// Starts the program again, as it was started, to take over from this process. Main thread.
#ifndef CULVERT_SOURCE_SERVER_SUCCESSOR_H_
#define CULVERT_SOURCE_SERVER_SUCCESSOR_H_

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "source/net/scope.h"

namespace culvert::server {

struct ProgramStart {
  // Absolute, with symbolic links left in it: a link or file that has been replaced since starts
  // the new version.
  std::string path;
  std::vector<std::string> arguments;  // the first is the program's name
};

// From what main() got, before the working directory changes.
ProgramStart RememberStart(std::span<const char* const> arguments);

// Starts it with `option` (such as `--take-over`) added unless it is there already. The child has
// no signal blocked and none ignored, and no $LISTEN_... of this process. `on_end` is called on the
// loop with how it ended (`exited with status 1`) when it has, unless `scope` is cancelled before.
absl::StatusOr<pid_t> StartSuccessor(const ProgramStart& program, std::string_view option,
                                     net::Scope& scope, std::function<void(std::string)> on_end);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_SUCCESSOR_H_
