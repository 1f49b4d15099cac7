#include "source/server/chain_matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>

#include "source/base/status.h"
#include "source/net/host_name.h"

namespace culvert::server {
namespace {

// Exact names beat wildcards, longer wildcards beat shorter ones.
constexpr int kExactName = 1024;

int NameScore(std::string_view pattern, std::string_view name) {
  if (pattern == name) return kExactName;
  if (pattern.starts_with("*.") && name.size() > pattern.size() - 1 &&
      name.ends_with(pattern.substr(1))) {
    return static_cast<int>(pattern.size());
  }
  return -1;
}

template <class Range>
int RangeScore(const std::vector<Range>& ranges, const net::SocketAddress& address) {
  int best = -1;
  if (!address.is_ip()) return best;
  for (const Range& range : ranges) {
    if constexpr (std::is_same_v<Range, net::Cidr>) {
      if (range.Contains(address.ip())) best = std::max(best, range.prefix_length());
    } else {
      if (range.Contains(address.port())) best = std::max(best, 65535 - (range.last - range.first));
    }
  }
  return best;
}

template <class Parsed>
void ParseAll(const google::protobuf::RepeatedPtrField<std::string>& texts, const std::string& path,
              std::vector<Parsed>& out, std::vector<FieldError>& errors) {
  for (int i = 0; i < texts.size(); ++i) {
    auto parsed = Parsed::Parse(texts[i]);
    if (parsed.ok()) {
      out.push_back(*parsed);
    } else {
      errors.push_back({fmt::format("{}[{}]", path, i), std::string(Message(parsed.status()))});
    }
  }
}

std::optional<std::string> ParseServerName(std::string_view text) {
  const bool wildcard = text.starts_with("*.");
  auto name = net::NormalizeHostName(wildcard ? text.substr(2) : text);
  if (name && wildcard) name->insert(0, "*.");
  return name;
}

}  // namespace

struct ChainMatcher::Score {
  // In the order of precedence; -1 is never stored: a field that is not given scores 0.
  std::array<int, 6> fields{};

  bool Set(int index, bool given, int score) {
    fields[index] = given ? score + 1 : 0;
    return !given || score >= 0;
  }
  auto operator<=>(const Score&) const = default;
};

void ChainMatcher::Add(const config::v1::FilterChainMatch& match, const std::string& path,
                       std::vector<FieldError>& errors) {
  Match made;
  ParseAll(match.destination_ports(), path + ".destination_ports", made.destination_ports, errors);
  ParseAll(match.destination_ranges(), path + ".destination_ranges", made.destination_ranges,
           errors);
  ParseAll(match.source_ranges(), path + ".source_ranges", made.source_ranges, errors);
  ParseAll(match.source_ports(), path + ".source_ports", made.source_ports, errors);
  for (int i = 0; i < match.server_names_size(); ++i) {
    auto name = ParseServerName(match.server_names(i));
    if (name) {
      made.server_names.push_back(*std::move(name));
    } else {
      errors.push_back(
          {fmt::format("{}.server_names[{}]", path, i),
           fmt::format("'{}' is not a host name; write db.example.com or *.example.com",
                       match.server_names(i))});
    }
  }
  for (int i = 0; i < match.application_protocols_size(); ++i) {
    const std::string& protocol = match.application_protocols(i);
    if (protocol.empty() || protocol.size() > 255) {
      errors.push_back({fmt::format("{}.application_protocols[{}]", path, i),
                        "an ALPN protocol name has 1 to 255 bytes, such as h2 or http/1.1"});
    }
    made.application_protocols.push_back(protocol);
  }
  const auto twin = std::find(matches_.begin(), matches_.end(), made);
  if (twin != matches_.end()) {
    errors.push_back(
        {path, fmt::format(
                   "filter_chains[{}] matches the same connections; only one of them can have them",
                   twin - matches_.begin())});
  }
  needs_client_hello_ |= !made.server_names.empty() || !made.application_protocols.empty();
  matches_.push_back(std::move(made));
}

bool ChainMatcher::Fits(const Match& match, const Facts& facts, Score* score) {
  int name = -1;
  for (const std::string& pattern : match.server_names)
    name = std::max(name, NameScore(pattern, facts.server_name));
  int protocol = -1;
  if (facts.application_protocols != nullptr) {
    const auto& offered = *facts.application_protocols;
    const auto found =
        std::find_first_of(offered.begin(), offered.end(), match.application_protocols.begin(),
                           match.application_protocols.end());
    // What the client likes best counts most.
    if (found != offered.end())
      protocol = static_cast<int>(1000 - std::min<ptrdiff_t>(found - offered.begin(), 1000));
  }
  return score->Set(0, !match.destination_ports.empty(),
                    RangeScore(match.destination_ports, facts.destination)) &&
         score->Set(1, !match.destination_ranges.empty(),
                    RangeScore(match.destination_ranges, facts.destination)) &&
         score->Set(2, !match.server_names.empty(), name) &&
         score->Set(3, !match.application_protocols.empty(), protocol) &&
         score->Set(4, !match.source_ranges.empty(),
                    RangeScore(match.source_ranges, facts.source)) &&
         score->Set(5, !match.source_ports.empty(), RangeScore(match.source_ports, facts.source));
}

int ChainMatcher::Select(const Facts& facts) const {
  int best = kNone;
  Score best_score;
  for (size_t i = 0; i < matches_.size(); ++i) {
    Score score;
    if (!Fits(matches_[i], facts, &score)) continue;
    if (best == kNone || score > best_score) {
      best = static_cast<int>(i);
      best_score = score;
    }
  }
  return best;
}

}  // namespace culvert::server
