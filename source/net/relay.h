// relay: carries bytes both ways between two streams until both directions have ended, with
// half-close.
#ifndef CULVERT_SOURCE_NET_RELAY_H_
#define CULVERT_SOURCE_NET_RELAY_H_

#include <cstdint>

#include "source/net/stream.h"
#include "source/net/task.h"

namespace culvert::net {

struct RelayOptions {
  // No byte either way for so long ends the relay.
  Duration idle_timeout = Duration::max();
  // The relay ends then, whatever happens.
  TimePoint end = kNever;
  // Counted up while the relay runs, for whoever looks at a live connection. May be null.
  uint64_t* downstream_to_upstream = nullptr;
  uint64_t* upstream_to_downstream = nullptr;
};

enum class RelayEnd : uint8_t {
  kFinished,          // both sides have closed
  kDownstreamFailed,  // `error` says how
  kUpstreamFailed,
  kIdle,
  kLifetime,
  kCancelled,
};

struct RelayResult {
  RelayEnd end = RelayEnd::kFinished;
  IoError error = IoError::kNone;
  bool downstream_truncated = false;
  bool upstream_truncated = false;
};

// The streams must outlive the task. On any end but kFinished both are told (Stream::Abort) that it
// was none.
Task<RelayResult> Relay(Stream& downstream, Stream& upstream, RelayOptions options);

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_RELAY_H_
