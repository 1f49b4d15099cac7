// From the config message to the compiled policy; every error is collected.
#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/culvert/config/v1/policy.pb.h"
#include "source/base/status.h"
#include "source/upstream/destination_policy.h"

namespace culvert::upstream {
namespace {

namespace v1 = config::v1;

// Hands each entry of a repeated field to `add` and notes what it refuses.
template <typename Add>
void AddEach(const google::protobuf::RepeatedPtrField<std::string>& entries, std::string_view path,
             std::vector<FieldError>& errors, Add add) {
  for (int i = 0; i < entries.size(); ++i) {
    const absl::Status status = add(entries[i]);
    if (!status.ok()) {
      errors.push_back({fmt::format("{}[{}]", path, i), std::string(Message(status))});
    }
  }
}

absl::Status AddNetwork(const std::string& text, std::vector<net::Cidr>& networks) {
  const absl::StatusOr<net::Cidr> network = net::Cidr::Parse(text);
  if (!network.ok()) return network.status();
  networks.push_back(*network);
  return absl::OkStatus();
}

// An empty user would be the one that has not been authenticated.
absl::Status AddName(const std::string& name, std::set<std::string, std::less<>>& names) {
  if (name.empty()) return InvalidArgument("the name is empty; write one or remove the entry");
  names.insert(name);
  return absl::OkStatus();
}

DestinationRule CompileMatch(const v1::PolicyMatch& match, bool allow, const std::string& path,
                             std::vector<FieldError>& errors) {
  DestinationRule rule;
  rule.allow = allow;
  AddEach(match.hosts(), path + ".hosts", errors,
          [&](const std::string& entry) { return rule.hosts.Add(entry); });
  AddEach(match.ports(), path + ".ports", errors,
          [&](const std::string& entry) { return rule.ports.Add(entry); });
  AddEach(match.networks(), path + ".networks", errors,
          [&](const std::string& entry) { return AddNetwork(entry, rule.networks); });
  AddEach(match.users(), path + ".users", errors,
          [&](const std::string& entry) { return AddName(entry, rule.users); });
  AddEach(match.groups(), path + ".groups", errors,
          [&](const std::string& entry) { return AddName(entry, rule.groups); });
  return rule;
}

}  // namespace

std::optional<DestinationPolicy> DestinationPolicy::Compile(const v1::DestinationPolicy& policy,
                                                            std::vector<FieldError>& errors) {
  const size_t errors_before = errors.size();
  std::vector<DestinationRule> rules;
  for (int i = 0; i < policy.rules_size(); ++i) {
    const v1::PolicyRule& rule = policy.rules(i);
    const std::string path = fmt::format("rules[{}]", i);
    if (rule.has_allow()) {
      rules.push_back(CompileMatch(rule.allow(), true, path + ".allow", errors));
    } else if (rule.has_deny()) {
      rules.push_back(CompileMatch(rule.deny(), false, path + ".deny", errors));
    } else {
      errors.push_back({path, "the rule is empty; write allow: {...} or deny: {...}"});
    }
  }
  if (!v1::Verdict_IsValid(policy.default_())) {
    errors.push_back({"default", fmt::format("{} is no verdict; write DENY or ALLOW",
                                             static_cast<int>(policy.default_()))});
  }
  if (errors.size() > errors_before) return std::nullopt;
  rules.emplace_back().allow = policy.default_() == v1::ALLOW;
  return DestinationPolicy(std::move(rules));
}

}  // namespace culvert::upstream
