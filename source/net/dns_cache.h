// What the name system has said lately: bounded, by the times to live of the answers (RFC 1035),
// failures included (RFC 2308). Owned by the resolver of one worker; its thread. No clock of its
// own.
#ifndef CULVERT_SOURCE_NET_DNS_CACHE_H_
#define CULVERT_SOURCE_NET_DNS_CACHE_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "source/base/time.h"
#include "source/net/dns_answer.h"

namespace culvert::net {

struct DnsCacheOptions {
  // The name that was asked for longest ago makes room for a new one. 0: nothing is kept.
  size_t max_names = 4096;
  // Bounds of how long an answer is kept, whatever its time to live.
  Duration minimum_ttl = Duration::zero();
  Duration maximum_ttl = std::chrono::hours(1);
  // How long it is remembered that a name has no address, where the zone does not say.
  Duration negative_ttl = std::chrono::seconds(5);
};

class DnsCache {
 public:
  // Failures of servers are kept for negative_ttl, but never for longer than this: they pass.
  static constexpr Duration kMaxFailureTtl = std::chrono::seconds(1);

  explicit DnsCache(const DnsCacheOptions& options) : options_(options) {}

  // The answer that holds at `now`, or null. Valid until the next call.
  const DnsAnswer* Find(std::string_view host, IpAddress::Family family, TimePoint now);

  // Takes the place of an older answer. Cancelled questions are no answers and are not kept.
  void Insert(std::string_view host, IpAddress::Family family, DnsAnswer answer, TimePoint now);

  // Names, including those whose answers have expired since.
  size_t size() const { return entries_.size(); }

 private:
  struct Kept {
    DnsAnswer answer;
    TimePoint expires = TimePoint::min();
  };
  struct Entry {
    std::string host;
    std::array<Kept, 2> kept;  // by family
  };

  Duration TtlOf(const DnsAnswer& answer) const;
  Entry& Use(std::string_view host);

  const DnsCacheOptions options_;
  std::list<Entry> entries_;  // the last used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_host_;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_DNS_CACHE_H_
