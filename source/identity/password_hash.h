// Password hashes as htpasswd files hold them: bcrypt ($2a$, $2b$, $2y$), SHA-256-crypt ($5$),
// SHA-512-crypt
// ($6$) and {SHA}. Pure functions; slow by design, so not for an event loop.
#ifndef CULVERT_SOURCE_IDENTITY_PASSWORD_HASH_H_
#define CULVERT_SOURCE_IDENTITY_PASSWORD_HASH_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/status.h"

struct crypt_data;

namespace culvert::identity {

// Longer ones match nothing: libcrypt takes no more.
inline constexpr size_t kMaxPasswordSize = 511;
// The most that a hash may cost: a few seconds of one thread, so that a file cannot stop it for
// minutes.
inline constexpr int kMaxBcryptCost = 16;
inline constexpr int kMaxShaCryptRounds = 5'000'000;

// What libcrypt needs to work in (32 KiB, allocated when first used). Owned by one thread.
class HashScratch {
 public:
  HashScratch();
  ~HashScratch();
  HashScratch(const HashScratch&) = delete;
  HashScratch& operator=(const HashScratch&) = delete;

  // All zero between two uses.
  crypt_data& data();

 private:
  std::unique_ptr<crypt_data> data_;
};

enum class HashMatch { kYes, kNo, kError };

// For load time: the kind is known, the form is right, and the cost is bounded. The message says
// what to do and holds nothing of the hash.
absl::Status ValidateHash(std::string_view hash);

// `stored` has passed ValidateHash(). kError: the library failed (out of memory). A password that
// holds a NUL matches nothing. Digests are compared in constant time; no copy of the password is
// left.
HashMatch VerifyPassword(std::string_view stored, std::string_view password, HashScratch& scratch);

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_PASSWORD_HASH_H_
