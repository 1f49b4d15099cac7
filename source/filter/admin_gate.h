// The way into the admin API for connections that came by other ways than its own socket. Owned by
// main(); null in programs that have no admin API, such as `validate`.
#ifndef CULVERT_SOURCE_FILTER_ADMIN_GATE_H_
#define CULVERT_SOURCE_FILTER_ADMIN_GATE_H_

#include <cstdint>
#include <string>

#include "source/net/fd.h"

namespace culvert::filter {

enum class AdminRole : uint8_t { kReadOnly, kReadWrite };

struct AdminCaller {
  // For the history of the config and the log: `uid 0`, `CN=alice`.
  std::string name;
  AdminRole role = AdminRole::kReadOnly;
};

class AdminGate {
 public:
  virtual ~AdminGate() = default;
  // Serves whoever is at the other end of the connected, non-blocking `socket` until it ends.
  // False, and the socket is closed, where there are too many or the process is about to end. Any
  // thread.
  virtual bool Adopt(net::Fd socket, AdminCaller caller) = 0;
};

}  // namespace culvert::filter

#endif  // CULVERT_SOURCE_FILTER_ADMIN_GATE_H_
