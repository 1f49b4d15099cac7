#include "source/tls/ticket_keys.h"

#include <openssl/mem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

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

TicketKey::~TicketKey() { OPENSSL_cleanse(this, sizeof *this); }

TicketKeys::TicketKeys(Duration rotation_interval, TimePoint now)
    : TicketKeys(rotation_interval, State{{NewKey()}, Duration::zero()}, now) {}

TicketKeys::TicketKeys(Duration rotation_interval, State state, TimePoint now)
    : interval_(rotation_interval), keys_(std::move(state.keys)), made_(now - state.age) {}

void TicketKeys::RotateIfDue(TimePoint now) {
  const int64_t due = std::min<int64_t>((now - made_) / interval_, kMostKeys);
  for (int64_t i = 0; i < due; ++i) {
    if (keys_.size() == kMostKeys) keys_.pop_back();
    keys_.insert(keys_.begin(), NewKey());
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

TicketKeys::State TicketKeys::Export(TimePoint now) {
  std::lock_guard lock(mutex_);
  RotateIfDue(now);
  return {keys_, now - made_};
}

}  // namespace culvert::tls
