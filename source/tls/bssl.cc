#include "source/tls/bssl.h"

#include <openssl/err.h>

namespace culvert::tls {

std::string ErrorText(uint32_t error) {
  const char* reason = error != 0 ? ERR_reason_error_string(error) : nullptr;
  if (reason == nullptr) return error != 0 ? "error " + std::to_string(error) : "unknown error";
  // `NO_SHARED_CIPHER` as BoringSSL has it.
  std::string text = reason;
  for (char& c : text) {
    if (c == '_') c = ' ';
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  }
  return text;
}

std::string TakeError() {
  const uint32_t error = ERR_peek_error();
  ERR_clear_error();
  return ErrorText(error);
}

}  // namespace culvert::tls
