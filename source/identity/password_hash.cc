#include "source/identity/password_hash.h"

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/base64.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "source/base/status.h"
#include "source/identity/secret.h"

namespace culvert::identity {
namespace {

constexpr std::string_view kSha1Prefix = "{SHA}";
constexpr std::string_view kRounds = "rounds=";
// "$2y$10$", 22 characters of salt, 31 of digest.
constexpr size_t kBcryptSize = 60;
constexpr size_t kBcryptDigest = 29;
constexpr int kMinBcryptCost = 4;
constexpr int kMinShaCryptRounds = 1000;
constexpr size_t kMaxShaCryptSalt = 16;
constexpr size_t kSha256CryptDigestSize = 43;
constexpr size_t kSha512CryptDigestSize = 86;

using Sha1Digest = std::array<uint8_t, SHA_DIGEST_LENGTH>;

bool IsCryptDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
         c == '/';
}

bool IsCryptText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), IsCryptDigit);
}

// Decimal digits alone, no leading zero.
std::optional<int> ParseNumber(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.front() < '1' || text.front() > '9') return std::nullopt;
  return value;
}

bool IsBcrypt(std::string_view hash) {
  return hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$");
}

bool IsShaCrypt(std::string_view hash) {
  return hash.starts_with("$5$") || hash.starts_with("$6$");
}

absl::Status Malformed(std::string_view kind) {
  return InvalidArgument(
      fmt::format("the {} hash is malformed: was it cut? Make a new one with `htpasswd -B`", kind));
}

absl::Status ValidateBcrypt(std::string_view hash) {
  if (hash.size() != kBcryptSize || hash[6] != '$' || !IsCryptText(hash.substr(7))) {
    return Malformed("bcrypt");
  }
  const std::string_view digits = hash.substr(4, 2);
  const std::optional<int> cost = ParseNumber(digits[0] == '0' ? digits.substr(1) : digits);
  if (!cost) return Malformed("bcrypt");
  if (*cost < kMinBcryptCost || *cost > kMaxBcryptCost) {
    return InvalidArgument(
        fmt::format("the cost {} of the bcrypt hash is not between {} and {}: make a new one with "
                    "`htpasswd -B -C 10`",
                    *cost, kMinBcryptCost, kMaxBcryptCost));
  }
  return absl::OkStatus();
}

// "$5$", perhaps "rounds=5000$", the salt, "$" and the digest.
absl::Status ValidateShaCrypt(std::string_view hash) {
  const bool is_sha256 = hash[1] == '5';
  const std::string_view kind = is_sha256 ? "SHA-256-crypt" : "SHA-512-crypt";
  std::string_view rest = hash.substr(3);
  if (rest.starts_with(kRounds)) {
    const size_t end = std::min(rest.find('$'), rest.size());
    const std::optional<int> rounds =
        ParseNumber(rest.substr(kRounds.size(), end - kRounds.size()));
    if (!rounds || *rounds < kMinShaCryptRounds || *rounds > kMaxShaCryptRounds) {
      return InvalidArgument(
          fmt::format("the rounds of the {} hash are not between {} and {}: make a new one with "
                      "`mkpasswd` or `htpasswd -B`",
                      kind, kMinShaCryptRounds, kMaxShaCryptRounds));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const size_t salt_size = rest.find('$');
  if (salt_size == rest.npos || salt_size == 0 || salt_size > kMaxShaCryptSalt) {
    return Malformed(kind);
  }
  const std::string_view digest = rest.substr(salt_size + 1);
  const size_t digest_size = is_sha256 ? kSha256CryptDigestSize : kSha512CryptDigestSize;
  if (!IsCryptText(rest.substr(0, salt_size)) || digest.size() != digest_size ||
      !IsCryptText(digest)) {
    return Malformed(kind);
  }
  return absl::OkStatus();
}

std::optional<Sha1Digest> DecodeSha1(std::string_view hash) {
  const std::string_view text = hash.substr(kSha1Prefix.size());
  std::array<uint8_t, 21> bytes;
  size_t size = 0;
  if (text.size() != 28 ||
      !EVP_DecodeBase64(bytes.data(), &size, bytes.size(),
                        reinterpret_cast<const uint8_t*>(text.data()), text.size()) ||
      size != SHA_DIGEST_LENGTH) {
    return std::nullopt;
  }
  Sha1Digest digest;
  std::copy_n(bytes.begin(), digest.size(), digest.begin());
  return digest;
}

HashMatch VerifySha1(std::string_view stored, std::string_view password) {
  const std::optional<Sha1Digest> expected = DecodeSha1(stored);
  if (!expected) return HashMatch::kError;
  Sha1Digest digest;
  SHA1(reinterpret_cast<const uint8_t*>(password.data()), password.size(), digest.data());
  const bool equal = CRYPTO_memcmp(digest.data(), expected->data(), digest.size()) == 0;
  return equal ? HashMatch::kYes : HashMatch::kNo;
}

// Only the digest is compared: libcrypt may write the salt in another way than the file has it.
std::string_view DigestOf(std::string_view hash) {
  return IsBcrypt(hash) ? hash.substr(std::min(kBcryptDigest, hash.size()))
                        : hash.substr(hash.rfind('$') + 1);
}

}  // namespace

HashScratch::HashScratch() = default;
HashScratch::~HashScratch() = default;

crypt_data& HashScratch::data() {
  if (data_ == nullptr) data_ = std::make_unique<crypt_data>();
  return *data_;
}

absl::Status ValidateHash(std::string_view hash) {
  if (hash.empty()) return InvalidArgument("has no hash: make one with `htpasswd -B`");
  if (IsBcrypt(hash)) return ValidateBcrypt(hash);
  if (IsShaCrypt(hash)) return ValidateShaCrypt(hash);
  if (hash.starts_with(kSha1Prefix)) {
    return DecodeSha1(hash) ? absl::OkStatus() : Malformed("{SHA}");
  }
  if (hash.starts_with("$apr1$") || hash.starts_with("$1$")) {
    return InvalidArgument("MD5 hashes are too weak to be used: make a new one with `htpasswd -B`");
  }
  return InvalidArgument(
      "not a known kind of hash (bcrypt, SHA-256-crypt, SHA-512-crypt or {SHA}; plain passwords "
      "and DES "
      "are refused): make a new one with `htpasswd -B`");
}

HashMatch VerifyPassword(std::string_view stored, std::string_view password, HashScratch& scratch) {
  // libcrypt stops at a NUL: what follows it would not be checked.
  if (password.size() > kMaxPasswordSize || password.find('\0') != password.npos) {
    return HashMatch::kNo;
  }
  if (stored.starts_with(kSha1Prefix)) return VerifySha1(stored, password);
  crypt_data& data = scratch.data();
  static_assert(kMaxPasswordSize < sizeof(data.input));
  if (stored.size() >= sizeof(data.setting)) return HashMatch::kError;
  std::memcpy(data.input, password.data(), password.size());
  std::memcpy(data.setting, stored.data(), stored.size());
  const char* computed = crypt_r(data.input, data.setting, &data);
  HashMatch match = HashMatch::kError;
  if (computed != nullptr && computed[0] == '$') {
    match = EqualInConstantTime(DigestOf(computed), DigestOf(stored)) ? HashMatch::kYes
                                                                      : HashMatch::kNo;
  }
  OPENSSL_cleanse(&data, sizeof(data));
  return match;
}

}  // namespace culvert::identity
