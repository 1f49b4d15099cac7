#include "source/net/relay.h"

#include <algorithm>

#include "source/net/event_loop.h"
#include "source/net/pump.h"
#include "source/net/stream_io.h"

namespace culvert::net {
namespace {

RelayEnd SideOf(const Pump& pump, bool upward) {
  const bool at_source = pump.failed_side() == Pump::Side::kFrom;
  return at_source == upward ? RelayEnd::kDownstreamFailed : RelayEnd::kUpstreamFailed;
}

}  // namespace

Task<RelayResult> Relay(Stream& downstream, Stream& upstream, RelayOptions options) {
  Scope& scope = co_await CurrentScope();
  EventLoop& loop = scope.loop();
  const TimePoint start = loop.now();
  Pump up(downstream, upstream, loop.scratch());
  Pump down(upstream, downstream, loop.scratch());
  RelayResult result;
  while (true) {
    // Looked at in every round, since a tunnel that always has something to move never waits.
    if (scope.cancelled() || loop.now() >= options.end) {
      result.end = scope.cancelled() ? RelayEnd::kCancelled : RelayEnd::kLifetime;
      break;
    }
    up.Step(loop.now());
    down.Step(loop.now());
    if (options.downstream_to_upstream) *options.downstream_to_upstream = up.bytes();
    if (options.upstream_to_downstream) *options.upstream_to_downstream = down.bytes();
    result.downstream_truncated = up.truncated();
    result.upstream_truncated = down.truncated();
    const Pump* failed = up.state() == Pump::State::kFailed     ? &up
                         : down.state() == Pump::State::kFailed ? &down
                                                                : nullptr;
    if (failed != nullptr) {
      result.end = SideOf(*failed, failed == &up);
      result.error = failed->error();
      break;
    }
    if (up.state() == Pump::State::kFinished && down.state() == Pump::State::kFinished) break;
    if (up.state() == Pump::State::kBusy || down.state() == Pump::State::kBusy) {
      co_await Yield();
      continue;
    }
    const TimePoint moved_at = std::max(start, std::max(up.moved_at(), down.moved_at()));
    const TimePoint idle_end = After(moved_at, options.idle_timeout);
    const TimePoint pipes_due = std::min(up.pipe_due(), down.pipe_due());
    const TimePoint until = std::min(std::min(idle_end, options.end), pipes_due);
    const WaitOutcome outcome = co_await Wait(until, up.Interest(), down.Interest());
    if (outcome == WaitOutcome::kTimedOut && loop.now() >= idle_end) {
      result.end = RelayEnd::kIdle;
      break;
    }
  }
  if (result.end != RelayEnd::kFinished) {
    downstream.Abort();
    upstream.Abort();
  }
  co_return result;
}

}  // namespace culvert::net
