// Remembers for a short while which credentials were right, so that a browser's hundred connections
// cost one hash. Holds no password. One per worker, no locks, no clock of its own.
#ifndef CULVERT_SOURCE_IDENTITY_SUCCESS_CACHE_H_
#define CULVERT_SOURCE_IDENTITY_SUCCESS_CACHE_H_

#include <chrono>
#include <cstddef>

#include "source/identity/credential_key.h"
#include "source/identity/identity.h"
#include "source/identity/lru_map.h"

namespace culvert::identity {

class SuccessCache {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  explicit SuccessCache(size_t max_entries = 4096) : entries_(max_entries) {}

  // Null unless Insert() was called less than `ttl` ago; a hit does not prolong it. Valid until the
  // next Insert(). When a provider's users have changed the key has too: what was cached is not
  // found again.
  const Identity* Find(const CredentialKey& key, TimePoint now, Duration ttl);

  // With the key that was made before the check.
  void Insert(const CredentialKey& key, Identity identity, TimePoint now);

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Identity identity;
    TimePoint inserted;
  };

  LruMap<CredentialKey, Entry, DigestHasher> entries_;
};

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_SUCCESS_CACHE_H_
