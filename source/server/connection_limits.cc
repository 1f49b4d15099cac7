#include "source/server/connection_limits.h"

#include <algorithm>

#include "absl/hash/hash.h"

namespace culvert::server {

bool ConnectionCount::TryAdd() {
  const uint32_t limit = limit_.load(std::memory_order_relaxed);
  const uint32_t before = count_.fetch_add(1, std::memory_order_relaxed);
  if (limit == 0 || before < limit) return true;
  Remove();
  return false;
}

void ConnectionLimits::Configure(uint32_t listener_limit, uint32_t source_limit) {
  listener_.set_limit(listener_limit);
  std::lock_guard lock(mutex_);
  source_limit_ = source_limit;
}

std::string_view ConnectionLimits::TryAdd(const net::IpAddress* source) {
  if (!process_.TryAdd()) return "connection_limit";
  if (!listener_.TryAdd()) {
    process_.Remove();
    return "listener_connection_limit";
  }
  if (source != nullptr && !TryAddSource(*source)) {
    listener_.Remove();
    process_.Remove();
    return "source_connection_limit";
  }
  return {};
}

void ConnectionLimits::Remove(const net::IpAddress* source) {
  if (source != nullptr) RemoveSource(*source);
  listener_.Remove();
  process_.Remove();
}

net::IpAddress ConnectionLimits::SourceKey(const net::IpAddress& source) {
  if (source.is_v4()) return source;
  std::array<uint8_t, 16> bytes{};
  std::copy_n(source.bytes().begin(), 8, bytes.begin());
  return net::IpAddress::V6(bytes);
}

size_t ConnectionLimits::Hash::operator()(const net::IpAddress& address) const {
  return absl::Hash<net::IpAddress>()(address);
}

// Sources are counted even where there is no limit: a reload may set one.
bool ConnectionLimits::TryAddSource(const net::IpAddress& source) {
  std::lock_guard lock(mutex_);
  uint32_t& count = sources_[SourceKey(source)];
  if (source_limit_ != 0 && count >= source_limit_) return false;
  ++count;
  return true;
}

void ConnectionLimits::RemoveSource(const net::IpAddress& source) {
  std::lock_guard lock(mutex_);
  const auto found = sources_.find(SourceKey(source));
  if (found != sources_.end() && --found->second == 0) sources_.erase(found);
}

}  // namespace culvert::server
