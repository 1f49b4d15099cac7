// How many connections there may be: in all, of one listener, of one source address. Counted when a
// connection is accepted and when it ends, never on the data path. Shared by the workers.
#ifndef CULVERT_SOURCE_SERVER_CONNECTION_LIMITS_H_
#define CULVERT_SOURCE_SERVER_CONNECTION_LIMITS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "source/net/ip_address.h"

namespace culvert::server {

// 0 is no limit.
class ConnectionCount {
 public:
  explicit ConnectionCount(uint32_t limit) : limit_(limit) {}
  void set_limit(uint32_t limit) { limit_.store(limit, std::memory_order_relaxed); }
  bool TryAdd();
  void Remove() { count_.fetch_sub(1, std::memory_order_relaxed); }
  uint32_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> limit_;
  std::atomic<uint32_t> count_ = 0;
};

// One listener's. Survives reloads, so that the connections of old chains still count.
class ConnectionLimits {
 public:
  // `process` is shared by all listeners and outlives this.
  explicit ConnectionLimits(ConnectionCount& process) : process_(process), listener_(0) {}

  void Configure(uint32_t listener_limit, uint32_t source_limit);

  // Why a connection may not come in: a reason for the access log, or empty if it was let in and
  // counted.
  std::string_view TryAdd(const net::IpAddress* source);
  // `source` as it was given to TryAdd.
  void Remove(const net::IpAddress* source);

 private:
  // An IPv6 host has a whole /64 to come from.
  static net::IpAddress SourceKey(const net::IpAddress& source);
  bool TryAddSource(const net::IpAddress& source);
  void RemoveSource(const net::IpAddress& source);

  struct Hash {
    size_t operator()(const net::IpAddress& address) const;
  };

  ConnectionCount& process_;
  ConnectionCount listener_;
  std::mutex mutex_;
  uint32_t source_limit_ = 0;                                   // guarded by mutex_
  std::unordered_map<net::IpAddress, uint32_t, Hash> sources_;  // guarded by mutex_
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_CONNECTION_LIMITS_H_
