#include "source/filter/tunnel.h"

#include <fmt/format.h>

#include <string>

#include "source/access_log/record.h"

namespace culvert::filter {

using net::IoError;
using net::RelayEnd;
using net::RelayResult;

namespace {

constexpr std::array<std::string_view, TunnelStats::kEnds> kEndNames = {
    "finished",     "downstream_failed", "upstream_failed",
    "idle_timeout", "max_lifetime",      "cancelled"};
static_assert(static_cast<size_t>(RelayEnd::kCancelled) + 1 == TunnelStats::kEnds);

std::string_view DownstreamReason(IoError error) {
  switch (error) {
    case IoError::kReset:
      return "downstream_reset";
    case IoError::kTimedOut:
      return "downstream_timed_out";
    case IoError::kTruncated:
      return "downstream_truncated";
    case IoError::kProtocol:
      return "downstream_protocol_error";
    default:
      return "downstream_failed";
  }
}

std::string_view UpstreamReason(IoError error) {
  switch (error) {
    case IoError::kReset:
      return "upstream_reset";
    case IoError::kTimedOut:
      return "upstream_timed_out";
    case IoError::kTruncated:
      return "upstream_truncated";
    case IoError::kProtocol:
      return "upstream_protocol_error";
    default:
      return "upstream_failed";
  }
}

// A relay goes on after an end without the goodbye of TLS, since the other direction may be whole.
Failure FailureOfFinished(const RelayResult& result) {
  if (result.downstream_truncated) {
    return {Side::kDownstream, Stage::kTunnel, DownstreamReason(IoError::kTruncated)};
  }
  if (result.upstream_truncated) {
    return {Side::kUpstream, Stage::kTunnel, UpstreamReason(IoError::kTruncated)};
  }
  return {Side::kLocal, Stage::kTunnel, "finished"};
}

class ActiveTunnel {
 public:
  ActiveTunnel(const TunnelStats& stats, uint32_t worker) : stats_(stats), worker_(worker) {
    stats_.active->Add(worker_);
  }
  ~ActiveTunnel() { stats_.active->Sub(worker_); }
  ActiveTunnel(const ActiveTunnel&) = delete;
  ActiveTunnel& operator=(const ActiveTunnel&) = delete;

  void CountEnd(RelayEnd end) { stats_.ended[static_cast<size_t>(end)]->Add(worker_); }

 private:
  const TunnelStats& stats_;
  const uint32_t worker_;
};

}  // namespace

TunnelStats MakeTunnelStats(BuildContext& context, std::string_view filter) {
  TunnelStats stats;
  stats.active = &context.environment().stats().GetGauge(
      fmt::format("culvert_{}_tunnels_active", filter), {{"listener", context.listener()}},
      "Tunnels that are open.");
  for (size_t i = 0; i < kEndNames.size(); ++i) {
    stats.ended[i] =
        &context.Counter(fmt::format("culvert_{}_tunnels_ended_total", filter),
                         "Tunnels that have ended, by how.", {{"end", std::string(kEndNames[i])}});
  }
  return stats;
}

Failure FailureOf(const RelayResult& result) {
  switch (result.end) {
    case RelayEnd::kFinished:
      return FailureOfFinished(result);
    case RelayEnd::kDownstreamFailed:
      return {Side::kDownstream, Stage::kTunnel, DownstreamReason(result.error)};
    case RelayEnd::kUpstreamFailed:
      return {Side::kUpstream, Stage::kTunnel, UpstreamReason(result.error)};
    case RelayEnd::kIdle:
      return {Side::kLocal, Stage::kTunnel, "idle_timeout"};
    case RelayEnd::kLifetime:
      return {Side::kLocal, Stage::kTunnel, "max_lifetime"};
    case RelayEnd::kCancelled:
      break;
  }
  return {Side::kLocal, Stage::kTunnel, "cancelled"};
}

net::Task<void> RunTunnel(net::StreamPtr downstream, net::StreamPtr upstream,
                          const TunnelOptions& options, ConnectionContext& connection) {
  ActiveTunnel active(options.stats, connection.worker().index);
  connection.set_phase(Phase::kTunnel);
  // The record is the counter of the live tunnel too: it is at hand, and right whenever it ends.
  access_log::ByteCounts& bytes = connection.record().bytes;
  const RelayResult result =
      co_await net::Relay(*downstream, *upstream,
                          {.idle_timeout = options.idle_timeout,
                           .end = connection.In(options.max_lifetime),
                           .downstream_to_upstream = &bytes.upstream_sent,
                           .upstream_to_downstream = &bytes.upstream_received});
  connection.set_phase(Phase::kResponse);
  bytes.downstream_received += bytes.upstream_sent;
  bytes.downstream_sent += bytes.upstream_received;
  active.CountEnd(result.end);
  if (result.end != RelayEnd::kCancelled) connection.End(options.filter, FailureOf(result));
}

}  // namespace culvert::filter
