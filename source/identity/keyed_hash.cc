#include "source/identity/keyed_hash.h"

#include <openssl/digest.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstring>

namespace culvert::identity {
namespace {

void Update(HMAC_CTX* context, const void* data, size_t size) {
  HMAC_Update(context, static_cast<const uint8_t*>(data), size);
}

}  // namespace

KeyedHash KeyedHash::Random() {
  Digest key;
  RAND_bytes(key.data(), key.size());
  return KeyedHash(key);
}

KeyedHash::Digest KeyedHash::Of(std::span<const std::string_view> parts) const {
  bssl::ScopedHMAC_CTX context;
  HMAC_Init_ex(context.get(), key_.data(), key_.size(), EVP_sha256(), nullptr);
  for (std::string_view part : parts) {
    const uint64_t size = part.size();
    Update(context.get(), &size, sizeof(size));
    Update(context.get(), part.data(), part.size());
  }
  Digest digest;
  unsigned int size = digest.size();
  HMAC_Final(context.get(), digest.data(), &size);
  return digest;
}

uint64_t KeyedHash::NumberOf(std::string_view text) const { return LeadingNumber(Of(text)); }

uint64_t LeadingNumber(const KeyedHash::Digest& digest) {
  uint64_t number;
  std::memcpy(&number, digest.data(), sizeof(number));
  return number;
}

uint64_t RandomNumber() {
  uint64_t number;
  RAND_bytes(reinterpret_cast<uint8_t*>(&number), sizeof(number));
  return number;
}

}  // namespace culvert::identity
