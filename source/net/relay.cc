#include "source/net/relay.h"

#include <algorithm>

#include "source/net/event_loop.h"
#include "source/net/pump.h"
#include "source/net/stream_io.h"

namespace culvert::net {
namespace {

// A burst's pipe is kept over the pauses of a busy tunnel and given back when it falls quiet.
constexpr Duration kPipePause = std::chrono::milliseconds(20);

RelayEnd SideOf(const Pump& pump, bool upward) {
  const bool at_source = pump.failed_side() == Pump::Side::kFrom;
  return at_source == upward ? RelayEnd::kDownstreamFailed : RelayEnd::kUpstreamFailed;
}

RelayEnd EndOfWait(WaitOutcome outcome, bool idle) {
  if (outcome == WaitOutcome::kCancelled) return RelayEnd::kCancelled;
  return idle ? RelayEnd::kIdle : RelayEnd::kLifetime;
}

}  // namespace

Task<RelayResult> Relay(Stream& downstream, Stream& upstream, RelayOptions options) {
  EventLoop& loop = (co_await CurrentScope()).loop();
  Pump up(downstream, upstream, loop.scratch());
  Pump down(upstream, downstream, loop.scratch());
  RelayResult result;
  TimePoint idle_end = After(loop.now(), options.idle_timeout);
  uint64_t moved_before = 0;
  while (true) {
    up.Step();
    down.Step();
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
    const uint64_t moved = up.bytes() + down.bytes();
    if (moved != moved_before) {
      moved_before = moved;
      idle_end = After(loop.now(), options.idle_timeout);
    }
    if (up.state() == Pump::State::kBusy || down.state() == Pump::State::kBusy) {
      co_await Yield();
      continue;
    }
    const bool holds_pipe = up.holds_pipe() || down.holds_pipe();
    const TimePoint end = std::min(idle_end, options.end);
    const TimePoint until = holds_pipe ? std::min(end, After(loop.now(), kPipePause)) : end;
    const WaitOutcome outcome = co_await Wait(until, up.Interest(), down.Interest());
    if (outcome == WaitOutcome::kReady) continue;
    if (outcome == WaitOutcome::kTimedOut && until < end) {
      up.ReleasePipe();
      down.ReleasePipe();
      continue;
    }
    result.end = EndOfWait(outcome, idle_end <= options.end);
    break;
  }
  if (result.end != RelayEnd::kFinished) {
    downstream.Abort();
    upstream.Abort();
  }
  co_return result;
}

}  // namespace culvert::net
