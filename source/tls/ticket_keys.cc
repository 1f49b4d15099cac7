#include "source/tls/ticket_keys.h"

#include <openssl/mem.h>
#include <openssl/rand.h>

#include <algorithm>

namespace culvert::tls {
namespace {

TicketKey NewKey() {
  TicketKey key;
  RAND_bytes(key.name.data(), key.name.size());
  RAND_bytes(key.mac_key.data(), key.mac_key.size());
  RAND_bytes(key.cipher_key.data(), key.cipher_key.size());
  return key;
}

}  // namespace

TicketKeys::TicketKeys(Duration rotation_interval, TimePoint now)
    : interval_(rotation_interval), made_(now) {
  // Never moved to another block of memory, which would leave a copy behind.
  keys_.reserve(kKept + 1);
  keys_.push_back(NewKey());
}

TicketKeys::~TicketKeys() {
  for (TicketKey& key : keys_) OPENSSL_cleanse(&key, sizeof key);
}

void TicketKeys::RotateIfDue(TimePoint now) {
  const int64_t due = std::min<int64_t>((now - made_) / interval_, kKept);
  for (int64_t i = 0; i < due; ++i) {
    keys_.insert(keys_.begin(), NewKey());
    if (keys_.size() > kKept) {
      OPENSSL_cleanse(&keys_.back(), sizeof(TicketKey));
      keys_.pop_back();
    }
  }
  if (due > 0) made_ = now;
}

TicketKey TicketKeys::Current(TimePoint now) {
  std::lock_guard lock(mutex_);
  RotateIfDue(now);
  return keys_.front();
}

std::optional<TicketKeys::Found> TicketKeys::Find(std::span<const uint8_t> name, TimePoint now) {
  std::lock_guard lock(mutex_);
  RotateIfDue(now);
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (std::ranges::equal(keys_[i].name, name)) return Found{keys_[i], i > 0};
  }
  return std::nullopt;
}

}  // namespace culvert::tls
