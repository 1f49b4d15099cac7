#include "source/tls/client_hello_message.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/net/host_name.h"

namespace culvert::tls {
namespace {

using Bytes = std::span<const uint8_t>;

// Extension types of IANA's registry.
constexpr uint16_t kServerName = 0;
constexpr uint16_t kApplicationProtocols = 16;
constexpr uint16_t kSupportedVersions = 43;

constexpr uint8_t kHostNameType = 0;

std::string_view ToText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Takes values off the front of a byte string, and nothing at all if it is too short.
class Cursor {
 public:
  explicit Cursor(Bytes bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }

  std::optional<Bytes> Take(size_t size) {
    if (size > bytes_.size()) return std::nullopt;
    const Bytes taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }

  // Big-endian, of `width` bytes.
  std::optional<uint16_t> TakeNumber(size_t width) {
    const std::optional<Bytes> bytes = Take(width);
    if (!bytes) return std::nullopt;
    uint16_t value = 0;
    for (const uint8_t byte : *bytes) value = static_cast<uint16_t>(value << 8 | byte);
    return value;
  }

  // A vector of RFC 8446 section 3.4, whose length comes first in `width` bytes.
  std::optional<Bytes> TakeVector(size_t width) {
    const std::optional<uint16_t> size = TakeNumber(width);
    return size ? Take(*size) : std::nullopt;
  }

 private:
  Bytes bytes_;
};

// The one vector that an extension consists of. It may not be empty in any extension that is read
// here.
std::optional<Cursor> OnlyVector(Bytes data, size_t width) {
  Cursor cursor(data);
  const std::optional<Bytes> vector = cursor.TakeVector(width);
  if (!vector || vector->empty() || !cursor.empty()) return std::nullopt;
  return Cursor(*vector);
}

bool ParseServerName(Bytes data, ClientHello& hello) {
  std::optional<Cursor> names = OnlyVector(data, 2);
  if (!names) return false;
  bool has_host_name = false;
  while (!names->empty()) {
    const std::optional<uint16_t> type = names->TakeNumber(1);
    const std::optional<Bytes> name = names->TakeVector(2);
    if (!type || !name || name->empty()) return false;
    if (*type != kHostNameType) continue;
    // One name of a type is all there may be: of two, another server might believe the other one.
    if (std::exchange(has_host_name, true)) return false;
    hello.server_name = net::NormalizeHostName(ToText(*name));
    hello.has_invalid_server_name = !hello.server_name;
  }
  return true;
}

bool ParseApplicationProtocols(Bytes data, ClientHello& hello) {
  std::optional<Cursor> protocols = OnlyVector(data, 2);
  if (!protocols) return false;
  while (!protocols->empty()) {
    const std::optional<Bytes> protocol = protocols->TakeVector(1);
    if (!protocol || protocol->empty()) return false;
    hello.application_protocols.emplace_back(ToText(*protocol));
  }
  return true;
}

bool ParseSupportedVersions(Bytes data, ClientHello& hello) {
  std::optional<Cursor> versions = OnlyVector(data, 1);
  if (!versions) return false;
  while (!versions->empty()) {
    const std::optional<uint16_t> version = versions->TakeNumber(2);
    if (!version) return false;
    hello.supported_versions.push_back(*version);
  }
  return true;
}

std::string_view ParseExtension(uint16_t type, Bytes data, ClientHello& hello) {
  if (type == kServerName && !ParseServerName(data, hello)) {
    return "the server_name extension is malformed";
  }
  if (type == kApplicationProtocols && !ParseApplicationProtocols(data, hello)) {
    return "the application_layer_protocol_negotiation extension is malformed";
  }
  if (type == kSupportedVersions && !ParseSupportedVersions(data, hello)) {
    return "the supported_versions extension is malformed";
  }
  return {};
}

std::string_view ParseExtensions(Cursor extensions, ClientHello& hello) {
  std::vector<uint16_t> types;
  while (!extensions.empty()) {
    const std::optional<uint16_t> type = extensions.TakeNumber(2);
    const std::optional<Bytes> data = extensions.TakeVector(2);
    if (!type || !data) return "an extension is cut short";
    types.push_back(*type);
    const std::string_view error = ParseExtension(*type, *data, hello);
    if (!error.empty()) return error;
  }
  std::ranges::sort(types);
  const bool is_repeated = std::ranges::adjacent_find(types) != types.end();
  return is_repeated ? "an extension is given twice" : std::string_view();
}

}  // namespace

std::string_view ParseClientHello(Bytes body, ClientHello& hello) {
  constexpr size_t kRandomSize = 32;
  constexpr size_t kMaxSessionId = 32;
  Cursor cursor(body);
  const std::optional<uint16_t> version = cursor.TakeNumber(2);
  const std::optional<Bytes> random = cursor.Take(kRandomSize);
  if (!version || !random) return "the ClientHello is cut short";
  hello.legacy_version = *version;
  const std::optional<Bytes> session_id = cursor.TakeVector(1);
  if (!session_id || session_id->size() > kMaxSessionId) return "the session id is malformed";
  const std::optional<Bytes> cipher_suites = cursor.TakeVector(2);
  if (!cipher_suites || cipher_suites->empty() || cipher_suites->size() % 2 != 0) {
    return "the cipher suites are malformed";
  }
  const std::optional<Bytes> compression_methods = cursor.TakeVector(1);
  if (!compression_methods || compression_methods->empty()) {
    return "the compression methods are malformed";
  }
  // Before TLS 1.3 there may be no extensions at all.
  if (cursor.empty()) return {};
  const std::optional<Bytes> extensions = cursor.TakeVector(2);
  if (!extensions || !cursor.empty()) return "the extensions do not fill the ClientHello";
  return ParseExtensions(Cursor(*extensions), hello);
}

}  // namespace culvert::tls
