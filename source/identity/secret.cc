#include "source/identity/secret.h"

#include <openssl/crypto.h>
#include <openssl/mem.h>

#include <cstring>
#include <utility>

namespace culvert::identity {

Secret::Secret(std::string_view text)
    : bytes_(std::make_unique<char[]>(text.size())), size_(text.size()) {
  if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
}

Secret::~Secret() {
  if (bytes_ != nullptr) OPENSSL_cleanse(bytes_.get(), size_);
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  return *this;
}

void Wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace culvert::identity
