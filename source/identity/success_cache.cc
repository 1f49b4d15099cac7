#include "source/identity/success_cache.h"

#include <utility>

namespace culvert::identity {

const Identity* SuccessCache::Find(const CredentialKey& key, TimePoint now, Duration ttl) {
  const Entry* entry = entries_.Find(key);
  // Left in place when too old: another listener may allow a longer time.
  if (entry == nullptr || now - entry->inserted >= ttl) return nullptr;
  return &entries_.Touch(key).identity;
}

void SuccessCache::Insert(const CredentialKey& key, Identity identity, TimePoint now) {
  entries_.Touch(key) = {std::move(identity), now};
}

}  // namespace culvert::identity
