// One rule of a destination policy, compiled: whom and what it is about, and what it says to it.
// Owned by its DestinationPolicy; immutable once that is compiled; any thread.
#ifndef CULVERT_SOURCE_UPSTREAM_DESTINATION_RULE_H_
#define CULVERT_SOURCE_UPSTREAM_DESTINATION_RULE_H_

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "source/net/address.h"
#include "source/upstream/host_matcher.h"

namespace culvert::upstream {

// Who asks. The user is empty if nobody has been authenticated; rules with users or groups do not
// match then. Views: what they point to belongs to the caller.
struct Identity {
  std::string_view user = {};
  std::span<const std::string> groups = {};
};

// Fields are ANDed, the entries of a field ORed, and an empty field matches everything; but a rule
// that allows and has no networks matches public addresses only.
struct DestinationRule {
  bool allow = false;
  HostMatcher hosts;
  net::PortSet ports;
  std::vector<net::Cidr> networks;
  std::set<std::string, std::less<>> users;
  std::set<std::string, std::less<>> groups;

  // Every field but `networks`.
  bool MatchesRequest(const net::HostPort& destination, const Identity& identity) const;

  // The field `networks`. A rule that denies also matches an address that leads to one of its
  // networks by translation (net::EmbeddedV4), so that it cannot be walked around.
  bool MatchesAddress(const net::IpAddress& address) const;
};

}  // namespace culvert::upstream

#endif  // CULVERT_SOURCE_UPSTREAM_DESTINATION_RULE_H_
