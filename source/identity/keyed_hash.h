// HMAC-SHA256 under a random key that never leaves the process: compares or files a secret without
// keeping it, and gives tables keys that no client can make collide. Immutable; any thread.
#ifndef CULVERT_SOURCE_IDENTITY_KEYED_HASH_H_
#define CULVERT_SOURCE_IDENTITY_KEYED_HASH_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace culvert::identity {

class KeyedHash {
 public:
  using Digest = std::array<uint8_t, 32>;

  static KeyedHash Random();

  // Of a list, not of its concatenation: {"ab", "c"} and {"a", "bc"} differ.
  Digest Of(std::span<const std::string_view> parts) const;
  Digest Of(std::string_view text) const { return Of(std::span(&text, 1)); }

  // The first 64 bits of it, for the keys of tables.
  uint64_t NumberOf(std::string_view text) const;

 private:
  explicit KeyedHash(const Digest& key) : key_(key) {}

  Digest key_;
};

// The first 64 bits of a digest.
uint64_t LeadingNumber(const KeyedHash::Digest& digest);

// 64 bits that occur once.
uint64_t RandomNumber();

// For std::unordered_map.
struct DigestHasher {
  size_t operator()(const KeyedHash::Digest& digest) const { return LeadingNumber(digest); }
};

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_KEYED_HASH_H_
