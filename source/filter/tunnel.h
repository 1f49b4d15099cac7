// A tunnel: the relay between a client and whoever was reached for it, with what the record and the
// counters have to tell of it. For every filter that ends in one; runs in the connection's
// coroutine, on its worker. Most tunnels are idle most of the time, so what waits here is small.
#ifndef CULVERT_SOURCE_FILTER_TUNNEL_H_
#define CULVERT_SOURCE_FILTER_TUNNEL_H_

#include <array>
#include <chrono>
#include <string_view>

#include "source/base/failure.h"
#include "source/base/time.h"
#include "source/filter/build_context.h"
#include "source/filter/connection_context.h"
#include "source/net/relay.h"
#include "source/net/stream.h"
#include "source/net/task.h"
#include "source/stats/metric.h"

namespace culvert::filter {

// What counts the tunnels of one filter.
struct TunnelStats {
  static constexpr size_t kEnds = 6;

  stats::Gauge* active = nullptr;
  std::array<stats::Counter*, kEnds> ended = {};  // by net::RelayEnd
};

// `culvert_<filter>_tunnels_active` and `culvert_<filter>_tunnels_ended_total`.
TunnelStats MakeTunnelStats(BuildContext& context, std::string_view filter);

// What the tunnels of one filter have in common. Part of the filter, hence outlives them.
struct TunnelOptions {
  // The filter's name, which the record gives as what ended the connection. A constant.
  std::string_view filter;
  // No byte either way for so long ends the tunnel.
  Duration idle_timeout = std::chrono::hours(1);
  // The tunnel ends then, whatever happens.
  Duration max_lifetime = Duration::max();
  TunnelStats stats;
};

// How a relay ended, as the record tells it: `finished`, `downstream_truncated`, `idle_timeout`,
// `max_lifetime`, `downstream_reset`, `upstream_reset`, ... Not for one that was cancelled: whoever
// cancels knows why.
Failure FailureOf(const net::RelayResult& result);

// Relays until both sides are done or a limit is reached, adds the bytes to the record, and notes
// the end in it (unless the connection was cancelled). `options` must outlive the task.
net::Task<void> RunTunnel(net::StreamPtr downstream, net::StreamPtr upstream,
                          const TunnelOptions& options, ConnectionContext& connection);

}  // namespace culvert::filter

#endif  // CULVERT_SOURCE_FILTER_TUNNEL_H_
