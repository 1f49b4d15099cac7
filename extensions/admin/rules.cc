#include "extensions/admin/rules.h"

#include <algorithm>
#include <utility>

#include "source/net/host_name.h"
#include "source/net/ip_address.h"

namespace culvert::extensions::admin {
namespace {

constexpr std::string_view kAnyLabel = "*.";

// URIs have a scheme, and e-mail addresses an @.
bool IsDnsName(std::string_view name) {
  return name.find_first_of(":@/") == std::string_view::npos;
}

std::string Normalized(const std::string& name) {
  const std::string_view wildcard = name.starts_with(kAnyLabel) ? kAnyLabel : "";
  const auto host = net::NormalizeHostName(std::string_view(name).substr(wildcard.size()));
  return host && IsDnsName(name) ? std::string(wildcard) + *host : name;
}

bool Matches(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with(kAnyLabel)) return pattern == name;
  const size_t dot = name.find('.');
  // `mallory@x.example.com` and `https://x.example.com` end as `*.example.com` does and are no DNS
  // names.
  return dot != std::string_view::npos && name.substr(dot) == pattern.substr(1) &&
         net::NormalizeHostName(name).has_value();
}

// What of the certificate the rule took, as the caller's name; nothing if it does not take it.
std::optional<std::string> Match(const Rule& rule, std::string_view subject,
                                 std::span<const std::string> names) {
  if (rule.names.empty() && rule.subjects.empty()) return std::nullopt;
  const auto named = std::ranges::find_if(names, [&](const std::string& name) {
    return std::ranges::any_of(rule.names, [&](const auto& one) { return Matches(one, name); });
  });
  if (!rule.names.empty() && named == names.end()) return std::nullopt;
  if (rule.subjects.empty()) return *named;
  if (std::ranges::count(rule.subjects, subject) == 0) return std::nullopt;
  return std::string(subject);
}

std::optional<filter::AdminCaller> FindIn(const std::vector<Rule>& rules, filter::AdminRole role,
                                          std::string_view subject,
                                          std::span<const std::string> names) {
  for (const Rule& rule : rules) {
    if (auto name = Match(rule, subject, names)) {
      return filter::AdminCaller{*std::move(name), role};
    }
  }
  return std::nullopt;
}

void Normalize(std::vector<Rule>& rules) {
  for (Rule& rule : rules) {
    for (std::string& name : rule.names) name = Normalized(name);
  }
}

}  // namespace

std::optional<std::string> NameProblem(std::string_view name) {
  if (name.empty()) return "is empty; write a name such as alice.example.com";
  const bool wildcard = name.starts_with(kAnyLabel);
  if (name.find('*', wildcard ? 1 : 0) != std::string_view::npos || name == kAnyLabel) {
    return "'*' stands for the first label of a DNS name, and for no more; write *.ops.example.com";
  }
  if (net::IpAddress::Parse(name)) {
    return "is an address, which says where somebody is and not who; write a DNS name, a URI or an "
           "e-mail address";
  }
  if (wildcard ? !net::NormalizeHostName(name.substr(kAnyLabel.size()))
               : IsDnsName(name) && !net::NormalizeHostName(name)) {
    return "is no DNS name, URI or e-mail address; what is in a certificate's subject goes in "
           "'subjects'";
  }
  return std::nullopt;
}

std::optional<std::string> SubjectProblem(std::string_view subject) {
  if (subject.empty()) return "is empty; write a subject such as CN=alice,O=Example";
  if (subject.find('=') == std::string_view::npos) {
    return "is no subject; write CN=alice,O=Example, or put a name under 'names'";
  }
  if (subject.find(", ") != std::string_view::npos) {
    return "has a space after a comma, which RFC 2253 has not; write CN=alice,O=Example";
  }
  return std::nullopt;
}

Rules::Rules(std::vector<Rule> read_write, std::vector<Rule> read_only)
    : read_write_(std::move(read_write)), read_only_(std::move(read_only)) {
  Normalize(read_write_);
  Normalize(read_only_);
}

std::optional<filter::AdminCaller> Rules::Find(std::string_view subject,
                                               std::span<const std::string> names) const {
  using filter::AdminRole;
  if (auto caller = FindIn(read_write_, AdminRole::kReadWrite, subject, names)) return caller;
  return FindIn(read_only_, AdminRole::kReadOnly, subject, names);
}

}  // namespace culvert::extensions::admin
