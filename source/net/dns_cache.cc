#include "source/net/dns_cache.h"

#include <algorithm>
#include <utility>

namespace culvert::net {

Duration DnsCache::TtlOf(const DnsAnswer& answer) const {
  // As std::clamp, but bounds that contradict each other are no undefined behaviour.
  const auto bounded = [this](Duration ttl) {
    return std::min(std::max(ttl, options_.minimum_ttl), options_.maximum_ttl);
  };
  switch (answer.failure) {
    case ResolveFailure::kNone:
      return bounded(answer.ttl.value_or(Duration::zero()));
    case ResolveFailure::kNotFound:
      return bounded(answer.ttl.value_or(options_.negative_ttl));
    case ResolveFailure::kMalformed:
    case ResolveFailure::kServerFailure:
    case ResolveFailure::kTimedOut:
      return std::min(options_.negative_ttl, kMaxFailureTtl);
    case ResolveFailure::kTooMany:
    case ResolveFailure::kCancelled:
      return Duration::zero();
  }
  return Duration::zero();
}

const DnsAnswer* DnsCache::Find(std::string_view host, IpAddress::Family family, TimePoint now) {
  const auto found = by_host_.find(host);
  if (found == by_host_.end()) return nullptr;
  const Kept& kept = found->second->kept[static_cast<size_t>(family)];
  if (kept.expires <= now) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &kept.answer;
}

DnsCache::Entry& DnsCache::Use(std::string_view host) {
  const auto found = by_host_.find(host);
  if (found != by_host_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front();
  }
  if (entries_.size() == options_.max_names) {
    by_host_.erase(entries_.back().host);
    entries_.pop_back();
  }
  entries_.push_front(Entry{.host = std::string(host), .kept = {}});
  by_host_.emplace(entries_.front().host, entries_.begin());
  return entries_.front();
}

void DnsCache::Insert(std::string_view host, IpAddress::Family family, DnsAnswer answer,
                      TimePoint now) {
  const Duration ttl = TtlOf(answer);
  if (ttl <= Duration::zero() || options_.max_names == 0) return;
  Use(host).kept[static_cast<size_t>(family)] = {.answer = std::move(answer),
                                                 .expires = After(now, ttl)};
}

}  // namespace culvert::net
