#include "source/upstream/destination_policy.h"

#include <fmt/format.h>

#include <utility>

namespace culvert::upstream {

using Verdict = Decision::Verdict;
using Reason = Decision::Reason;

std::string Decision::ToString() const {
  const std::string who = rule ? fmt::format("rules[{}]", *rule) : "default";
  switch (reason) {
    case Reason::kNotPublic:
      return fmt::format(
          "denied: {} allows public addresses only, and no rule's networks name this one", who);
    case Reason::kAddressUnknown:
      return fmt::format("denied: {} denies networks, and the address is not known here", who);
    case Reason::kMatched:
      break;
  }
  switch (verdict) {
    case Verdict::kDenied:
      return "denied by " + who;
    case Verdict::kNeedsAddress:
      return who + " waits for the address";
    case Verdict::kAllowed:
      break;
  }
  return "allowed by " + who;
}

DestinationPolicy::DestinationPolicy() {
  DestinationRule& https = rules_.emplace_back();
  https.allow = true;
  https.ports.Add({.first = 443, .last = 443});
}

DestinationPolicy::DestinationPolicy(std::vector<DestinationRule> rules)
    : rules_(std::move(rules)) {}

Decision DestinationPolicy::DecisionOf(size_t index, Verdict verdict, Reason reason) const {
  const bool is_default = index + 1 == rules_.size();
  return {verdict, reason, is_default ? std::nullopt : std::optional(index)};
}

Decision DestinationPolicy::CheckBeforeResolving(const net::HostPort& destination,
                                                 const Identity& identity) const {
  if (destination.address()) {
    Decision decision = Check(destination, *destination.address(), identity);
    if (decision.verdict == Verdict::kAllowed) decision.verdict = Verdict::kNeedsAddress;
    return decision;
  }
  for (size_t i = 0; i < rules_.size(); ++i) {
    const DestinationRule& rule = rules_[i];
    if (!rule.MatchesRequest(destination, identity)) continue;
    if (rule.allow) return DecisionOf(i, Verdict::kNeedsAddress);
    if (rule.networks.empty()) return DecisionOf(i, Verdict::kDenied);
  }
  return {};
}

Decision DestinationPolicy::Check(const net::HostPort& destination, const net::IpAddress& address,
                                  const Identity& identity) const {
  Decision otherwise;
  for (size_t i = 0; i < rules_.size(); ++i) {
    const DestinationRule& rule = rules_[i];
    if (!rule.MatchesRequest(destination, identity)) continue;
    if (rule.MatchesAddress(address)) {
      if (rule.allow) return DecisionOf(i, Verdict::kAllowed);
      const bool is_explained = otherwise.reason == Reason::kNotPublic && i + 1 == rules_.size();
      return is_explained ? otherwise : DecisionOf(i, Verdict::kDenied);
    }
    // Nothing else keeps a rule without networks from matching.
    if (rule.networks.empty() && otherwise.reason == Reason::kMatched) {
      otherwise = DecisionOf(i, Verdict::kDenied, Reason::kNotPublic);
    }
  }
  return otherwise;
}

bool DestinationPolicy::Allows(const net::HostPort& destination, const net::IpAddress& address,
                               const Identity& identity) const {
  return Check(destination, address, identity).verdict == Verdict::kAllowed;
}

Decision DestinationPolicy::CheckWithoutAddress(const net::HostPort& destination,
                                                const Identity& identity) const {
  if (destination.address()) return Check(destination, *destination.address(), identity);
  for (size_t i = 0; i < rules_.size(); ++i) {
    const DestinationRule& rule = rules_[i];
    if (!rule.MatchesRequest(destination, identity)) continue;
    if (rule.networks.empty()) {
      return DecisionOf(i, rule.allow ? Verdict::kAllowed : Verdict::kDenied);
    }
    if (!rule.allow) return DecisionOf(i, Verdict::kDenied, Reason::kAddressUnknown);
  }
  return {};
}

}  // namespace culvert::upstream
