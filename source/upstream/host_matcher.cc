#include "source/upstream/host_matcher.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "source/base/status.h"
#include "source/net/host_name.h"
#include "source/net/ip_address.h"

namespace culvert::upstream {
namespace {

// Bytes for the program and the state cache of one expression.
constexpr int64_t kExpressionMemory = 1 << 20;

re2::StringPiece ToPiece(std::string_view text) { return {text.data(), text.size()}; }

re2::RE2::Options ExpressionOptions() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(false);
  options.set_max_mem(kExpressionMemory);
  return options;
}

// What the author of a pattern that is neither name nor address probably wanted.
std::string_view HintFor(std::string_view pattern) {
  if (pattern.empty()) return "write a name; to match every host leave `hosts` out";
  if (pattern == "*") return "to match every host leave `hosts` out";
  if (pattern.starts_with('/')) return "end the regular expression with /";
  if (pattern.find("://") != pattern.npos)
    return "write the host name alone, without scheme and path";
  if (pattern.find('/') != pattern.npos) return "a network goes into `networks`";
  if (pattern.find('*') != pattern.npos) {
    return "* stands only at the front, for whole labels: *.example.com; or write /regular "
           "expression/";
  }
  if (pattern.find(':') != pattern.npos) return "a port goes into `ports`";
  return "write db.example.com, *.example.com, an IP address or /regular expression/";
}

absl::Status NotAPattern(std::string_view pattern) {
  return InvalidArgument(fmt::format("'{}' is not a host pattern; {}", pattern, HintFor(pattern)));
}

}  // namespace

HostMatcher::HostMatcher() = default;
HostMatcher::HostMatcher(HostMatcher&&) noexcept = default;
HostMatcher& HostMatcher::operator=(HostMatcher&&) noexcept = default;
HostMatcher::~HostMatcher() = default;

absl::Status HostMatcher::Add(std::string_view pattern) {
  if (pattern.size() > 1 && pattern.starts_with('/') && pattern.ends_with('/')) {
    return AddExpression(pattern);
  }
  if (const auto address = net::IpAddress::Parse(pattern)) {
    exact_.insert(address->Unmapped().ToString());
    return absl::OkStatus();
  }
  const bool is_suffix = pattern.starts_with("*.");
  std::optional<std::string> name = net::NormalizeHostName(pattern.substr(is_suffix ? 2 : 0));
  if (!name) return NotAPattern(pattern);
  (is_suffix ? suffixes_ : exact_).insert(*std::move(name));
  return absl::OkStatus();
}

absl::Status HostMatcher::AddExpression(std::string_view pattern) {
  const std::string_view text = pattern.substr(1, pattern.size() - 2);
  if (text.empty())
    return InvalidArgument("the regular expression // is empty and matches no host");
  auto expression = std::make_unique<const re2::RE2>(ToPiece(text), ExpressionOptions());
  if (!expression->ok()) {
    return InvalidArgument(
        fmt::format("'{}' is not a regular expression of RE2: {}", pattern, expression->error()));
  }
  expressions_.push_back(std::move(expression));
  return absl::OkStatus();
}

bool HostMatcher::Matches(std::string_view host) const {
  return exact_.contains(host) || MatchesSuffix(host) ||
         std::ranges::any_of(expressions_, [host](const auto& expression) {
           return re2::RE2::FullMatch(ToPiece(host), *expression);
         });
}

bool HostMatcher::MatchesSuffix(std::string_view host) const {
  if (suffixes_.empty()) return false;
  for (size_t dot = host.find('.'); dot != host.npos; dot = host.find('.', dot + 1)) {
    if (suffixes_.contains(host.substr(dot + 1))) return true;
  }
  return false;
}

}  // namespace culvert::upstream
