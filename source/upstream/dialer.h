// Dialing: from a host and port, or an endpoint of a cluster, to a stream that is connected there.
// What was checked is what is dialled: whoever has a say on addresses is asked for each one after
// the name was resolved. Runs on the worker of the connection that wants it.
#ifndef CULVERT_SOURCE_UPSTREAM_DIALER_H_
#define CULVERT_SOURCE_UPSTREAM_DIALER_H_

#include <optional>
#include <string>

#include "source/base/failure.h"
#include "source/filter/connection_context.h"
#include "source/net/address.h"
#include "source/net/stream.h"
#include "source/net/task.h"

namespace culvert::upstream {

// Who may refuse an address.
class AddressCheck {
 public:
  virtual ~AddressCheck() = default;
  virtual bool Allows(const net::IpAddress& address) = 0;
};

struct DialResult {
  net::StreamPtr stream;  // null if it failed
  Failure failure;        // then why
  // The address that was dialled, or tried last.
  std::optional<net::SocketAddress> address;
  // How long resolving and connecting took; unset for what was not needed.
  std::optional<Duration> resolve_time;
  std::optional<Duration> connect_time;

  bool ok() const { return stream != nullptr; }
  // Puts address and times into the record of the connection.
  void Describe(access_log::Record& record) const;
};

// `check` may be null; it must outlive the task, like the worker. Stages of a failure are kPolicy
// (every address was refused), kResolve and kConnect.
net::Task<DialResult> DialHost(filter::Worker& worker, net::HostPort destination,
                               AddressCheck* check, TimePoint deadline);

// An address needs no resolving.
net::Task<DialResult> DialAddress(net::SocketAddress address, TimePoint deadline);

}  // namespace culvert::upstream

#endif  // CULVERT_SOURCE_UPSTREAM_DIALER_H_
