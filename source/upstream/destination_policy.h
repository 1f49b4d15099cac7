// Which destinations a client may reach: the compiled form of culvert.config.v1.DestinationPolicy.
// Owned by the config snapshot of whoever dials for clients; immutable; any thread.
#ifndef CULVERT_SOURCE_UPSTREAM_DESTINATION_POLICY_H_
#define CULVERT_SOURCE_UPSTREAM_DESTINATION_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "source/base/field_error.h"
#include "source/net/address.h"
#include "source/upstream/destination_rule.h"

namespace culvert::config::v1 {
class DestinationPolicy;
}

namespace culvert::upstream {

// What a policy says, and why, for the log.
struct Decision {
  enum class Verdict : uint8_t {
    kDenied,
    kNeedsAddress,  // It depends on the address: Check() each one.
    kAllowed,
  };
  enum class Reason : uint8_t {
    kMatched,         // The rule, or the default, says so.
    kNotPublic,       // It would have allowed a public address, and no later rule names this one.
    kAddressUnknown,  // It denies networks, and which one is dialled cannot be known here.
  };

  Verdict verdict = Verdict::kDenied;
  Reason reason = Reason::kMatched;
  std::optional<size_t> rule = std::nullopt;  // Index in `rules`; without one: the default.

  // "allowed by rules[2]", "denied by default", "denied: not a public address, and ..."
  std::string ToString() const;

  friend bool operator==(const Decision&, const Decision&) = default;
};

// The first rule that matches decides, then the default. Addresses that are not public
// (net::AddressClass) are denied unless a rule that allows names them in its networks: without
// networks such a rule, and a default that allows, match public addresses only.
class DestinationPolicy {
 public:
  // The policy where none is configured: port 443 on public addresses.
  DestinationPolicy();

  // Appends every error of the policy to `errors`, or returns it compiled. Paths are relative to
  // the message: "rules[1].allow.ports[0]".
  static std::optional<DestinationPolicy> Compile(const config::v1::DestinationPolicy& policy,
                                                  std::vector<FieldError>& errors);

  // Before a name is resolved, so that nobody is asked for a name that is refused anyway: kDenied
  // if no address of the destination could be allowed, else kNeedsAddress. (Networks are not
  // weighed against one another: a policy whose denied networks cover its allowed ones says
  // kNeedsAddress and then denies.) An address as the destination is checked at once, yet must pass
  // Check() like one that was resolved.
  Decision CheckBeforeResolving(const net::HostPort& destination, const Identity& identity) const;

  // For an address that is about to be dialled: kAllowed or kDenied.
  Decision Check(const net::HostPort& destination, const net::IpAddress& address,
                 const Identity& identity) const;
  bool Allows(const net::HostPort& destination, const net::IpAddress& address,
              const Identity& identity) const;

  // For a name that somebody else resolves and dials, such as the proxy behind a cluster: kAllowed
  // or kDenied. Networks cannot be seen: a rule that allows them does not match, and one that
  // denies them denies.
  Decision CheckWithoutAddress(const net::HostPort& destination, const Identity& identity) const;

 private:
  explicit DestinationPolicy(std::vector<DestinationRule> rules);

  Decision DecisionOf(size_t index, Decision::Verdict verdict,
                      Decision::Reason reason = Decision::Reason::kMatched) const;

  std::vector<DestinationRule> rules_;  // The last one stands for the default.
};

}  // namespace culvert::upstream

#endif  // CULVERT_SOURCE_UPSTREAM_DESTINATION_POLICY_H_
