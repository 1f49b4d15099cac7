// A set of patterns for host names, compiled when the config is loaded and read by all workers at
// once. Immutable after the last Add(); then any thread.
#ifndef CULVERT_SOURCE_UPSTREAM_HOST_MATCHER_H_
#define CULVERT_SOURCE_UPSTREAM_HOST_MATCHER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"

namespace re2 {
class RE2;
}

namespace culvert::upstream {

class HostMatcher {
 public:
  HostMatcher();
  HostMatcher(HostMatcher&&) noexcept;
  HostMatcher& operator=(HostMatcher&&) noexcept;
  ~HostMatcher();

  // "db.example.com" or an address, which match themselves; "*.example.com", any depth below but
  // not the name itself; "/re2/", the whole host in any case. The error quotes the pattern and says
  // what to write instead.
  absl::Status Add(std::string_view pattern);

  bool empty() const { return exact_.empty() && suffixes_.empty() && expressions_.empty(); }

  // `host` is as net::HostPort::host() gives it: a name in lower case or the canonical text of an
  // address. Time is linear in its length for names and suffixes, however many there are, and for
  // each expression.
  bool Matches(std::string_view host) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Names = std::unordered_set<std::string, Hash, std::equal_to<>>;

  absl::Status AddExpression(std::string_view pattern);
  bool MatchesSuffix(std::string_view host) const;

  Names exact_;
  Names suffixes_;  // Without "*.".
  std::vector<std::unique_ptr<const re2::RE2>> expressions_;
};

}  // namespace culvert::upstream

#endif  // CULVERT_SOURCE_UPSTREAM_HOST_MATCHER_H_
