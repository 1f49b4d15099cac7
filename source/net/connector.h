// Connecting: from addresses to one connected stream, by racing them (Happy Eyeballs, RFC 8305).
// Runs in the caller's scope, on its loop's thread; owns its attempts until it ends.
#ifndef CULVERT_SOURCE_NET_CONNECTOR_H_
#define CULVERT_SOURCE_NET_CONNECTOR_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "source/base/time.h"
#include "source/net/address.h"
#include "source/net/io_result.h"
#include "source/net/socket_stream.h"
#include "source/net/task.h"

namespace culvert::net {

struct ConnectOptions {
  TimePoint deadline = kNever;
  // How long an attempt is alone before the next one starts beside it (RFC 8305 section 5).
  Duration attempt_delay = std::chrono::milliseconds(250);
  // TCP_NODELAY: bytes leave at once.
  bool no_delay = true;
};

struct ConnectResult {
  std::unique_ptr<SocketStream> stream;  // null if it failed
  SocketAddress address;                 // that of `stream`, or the one whose failure this is
  // kNone if there is a stream. Of several failures the one that says most about the destination:
  // refused, reset, unreachable, timed out, out of resources, anything else. kCancelled if the
  // scope was.
  IoError failure = IoError::kNone;
  size_t attempts = 0;  // that were started

  bool ok() const { return stream != nullptr; }
};

// The candidates in the order in which they are tried: one address of each family in turn, IPv6
// first, and within a family as they come (RFC 8305 section 4). Where there is no IPv6, the attempt
// fails at once.
std::vector<IpAddress> SortForHappyEyeballs(std::vector<IpAddress> addresses);

// Connects to the first candidate that lets it. The next one is tried when those before it have
// failed, or have not answered for attempt_delay. At most four are tried at a time: then the oldest
// gives way, so that every candidate has its turn. No candidates are kUnreachable.
Task<ConnectResult> Connect(std::vector<SocketAddress> candidates, ConnectOptions options);

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_CONNECTOR_H_
