#include "source/upstream/destination_rule.h"

#include <algorithm>

namespace culvert::upstream {
namespace {

bool AnyContains(std::span<const net::Cidr> networks, const net::IpAddress& address) {
  return std::ranges::any_of(networks,
                             [&](const net::Cidr& network) { return network.Contains(address); });
}

}  // namespace

bool DestinationRule::MatchesRequest(const net::HostPort& destination,
                                     const Identity& identity) const {
  const auto is_named = [this](const std::string& group) { return groups.contains(group); };
  return (ports.empty() || ports.Contains(destination.port())) &&
         (users.empty() || users.contains(identity.user)) &&
         (groups.empty() || std::ranges::any_of(identity.groups, is_named)) &&
         (hosts.empty() || hosts.Matches(destination.host()));
}

bool DestinationRule::MatchesAddress(const net::IpAddress& address) const {
  if (networks.empty()) return !allow || net::IsPublic(address);
  if (AnyContains(networks, address)) return true;
  if (allow) return false;
  const auto embedded = net::EmbeddedV4(address);
  return embedded && AnyContains(networks, *embedded);
}

}  // namespace culvert::upstream
