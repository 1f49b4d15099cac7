#include "source/upstream/dialer.h"

#include <fmt/format.h>

#include <vector>

#include "source/net/connector.h"
#include "source/net/resolver.h"

namespace culvert::upstream {

using net::IoError;
using net::ResolveFailure;
using net::Task;

namespace {

Failure Cancelled(Stage stage) { return {Side::kLocal, stage, "cancelled"}; }

Failure FromResolve(const std::string& host, ResolveFailure failure) {
  switch (failure) {
    case ResolveFailure::kCancelled:
      return Cancelled(Stage::kResolve);
    case ResolveFailure::kTimedOut:
      return {Side::kUpstream, Stage::kResolve, "dns_timeout",
              fmt::format("no name server answered for {}", host), true};
    case ResolveFailure::kNotFound:
      return {Side::kUpstream, Stage::kResolve, "dns_not_found",
              fmt::format("{} has no address", host), true};
    case ResolveFailure::kTooMany:
      return {Side::kLocal, Stage::kResolve, "dns_overloaded", "too many names are being resolved",
              true};
    default:
      return {Side::kUpstream, Stage::kResolve, "dns_error",
              fmt::format("the name servers failed for {}", host), true};
  }
}

Failure FromConnect(const net::ConnectResult& result) {
  const std::string where = result.address.ToString();
  switch (result.failure) {
    case IoError::kCancelled:
      return Cancelled(Stage::kConnect);
    case IoError::kRefused:
      return {Side::kUpstream, Stage::kConnect, "connect_refused", fmt::format("{} refused", where),
              true};
    case IoError::kUnreachable:
      return {Side::kUpstream, Stage::kConnect, "connect_unreachable",
              fmt::format("no route to {}", where), true};
    case IoError::kTimedOut:
      return {Side::kUpstream, Stage::kConnect, "connect_timeout",
              fmt::format("{} did not answer", where), true};
    case IoError::kResources:
      return {Side::kLocal, Stage::kConnect, "out_of_resources",
              "no descriptor or port left to connect with", true};
    default:
      return {Side::kUpstream, Stage::kConnect, "connect_failed",
              fmt::format("connecting to {} failed", where), true};
  }
}

Task<DialResult> ConnectTo(std::vector<net::SocketAddress> candidates, TimePoint deadline) {
  const TimePoint start = Clock::now();
  net::ConnectOptions options;
  options.deadline = deadline;
  net::ConnectResult connected = co_await net::Connect(std::move(candidates), options);
  DialResult result;
  result.connect_time = Clock::now() - start;
  result.address = connected.address;
  if (connected.ok()) {
    result.stream = std::move(connected.stream);
  } else {
    result.failure = FromConnect(connected);
  }
  co_return result;
}

}  // namespace

void DialResult::Describe(access_log::Record& record) const {
  if (address) record.resolved_address = address->ToString();
  record.durations.dns = resolve_time;
  record.durations.connect = connect_time;
}

Task<DialResult> DialAddress(net::SocketAddress address, TimePoint deadline) {
  std::vector<net::SocketAddress> candidates;
  candidates.push_back(std::move(address));
  co_return co_await ConnectTo(std::move(candidates), deadline);
}

Task<DialResult> DialHost(filter::Worker& worker, net::HostPort destination, AddressCheck* check,
                          TimePoint deadline) {
  std::vector<net::IpAddress> addresses;
  std::optional<Duration> resolve_time;
  if (destination.address()) {
    addresses.push_back(*destination.address());
  } else {
    const TimePoint start = Clock::now();
    net::ResolveResult resolved = co_await worker.resolver.Resolve(destination.host(), deadline);
    resolve_time = Clock::now() - start;
    if (!resolved.ok()) {
      DialResult result;
      result.failure = FromResolve(destination.host(), resolved.failure);
      result.resolve_time = resolve_time;
      co_return result;
    }
    addresses = net::SortForHappyEyeballs(std::move(resolved.addresses));
  }
  std::vector<net::SocketAddress> candidates;
  for (const net::IpAddress& address : addresses) {
    if (check == nullptr || check->Allows(address))
      candidates.emplace_back(address, destination.port());
  }
  if (candidates.empty()) {
    DialResult result;
    result.address = net::SocketAddress(addresses.front(), destination.port());
    result.failure = {Side::kDownstream, Stage::kPolicy, "policy_denied",
                      fmt::format("the policy allows no address of {}", destination.host())};
    result.resolve_time = resolve_time;
    co_return result;
  }
  DialResult result = co_await ConnectTo(std::move(candidates), deadline);
  result.resolve_time = resolve_time;
  co_return result;
}

}  // namespace culvert::upstream
