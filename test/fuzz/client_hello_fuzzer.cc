// The look-ahead must stay within its bound, and say the same however the bytes are split.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "source/tls/client_hello.h"

using culvert::tls::CanBeTls;
using culvert::tls::ClientHelloReader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMaxSize = 4096;
  const std::span<const uint8_t> bytes(data, size);
  ClientHelloReader whole(kMaxSize);
  whole.Feed(bytes);

  // Pieces of 1 to 16 bytes, chosen by the input itself.
  ClientHelloReader pieces(kMaxSize);
  for (size_t i = 0; i < size;) {
    const size_t length = std::min<size_t>(1 + bytes[i] % 16, size - i);
    pieces.Feed(bytes.subspan(i, length));
    i += length;
  }

  using Status = ClientHelloReader::Status;
  if (whole.status() != pieces.status() || whole.error() != pieces.error()) std::abort();
  if (whole.status() == Status::kNeedsMore && size >= kMaxSize) std::abort();
  if (whole.status() != Status::kComplete) return 0;
  if (!CanBeTls(bytes)) std::abort();
  const auto& a = whole.hello();
  const auto& b = pieces.hello();
  if (a.server_name != b.server_name || a.application_protocols != b.application_protocols ||
      a.supported_versions != b.supported_versions ||
      (a.server_name && a.has_invalid_server_name)) {
    std::abort();
  }
  return 0;
}
