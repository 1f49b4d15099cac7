// The bytes of a ClientHello (RFC 8446, 4.1.2; RFC 6066, 3), for tests of tunnels that must carry
// TLS.
#ifndef CULVERT_TEST_EXTENSIONS_HTTP_CONNECT_CLIENT_HELLO_BYTES_H_
#define CULVERT_TEST_EXTENSIONS_HTTP_CONNECT_CLIENT_HELLO_BYTES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace culvert::extensions::http_connect {

// `value` in `size` bytes, big-endian.
inline std::string Number(size_t value, int size) {
  std::string bytes;
  for (int i = size - 1; i >= 0; --i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}

// `bytes` with their length in front.
inline std::string Vector(std::string_view bytes, int length_size) {
  return Number(bytes.size(), length_size).append(bytes);
}

// One record with a hello for that server name; without the extension where it is empty.
inline std::string ClientHelloBytes(std::string_view server_name) {
  std::string extensions;
  if (!server_name.empty()) {
    const std::string entry = Number(0, 1) + Vector(server_name, 2);
    extensions = Number(0, 2) + Vector(Vector(entry, 2), 2);
  }
  const std::string body = Number(0x0303, 2) + std::string(32, 'r') + Vector("", 1) +
                           Vector(Number(0x1301, 2), 2) + Vector(Number(0, 1), 1) +
                           Vector(extensions, 2);
  return Number(22, 1) + Number(0x0301, 2) + Vector(Number(1, 1) + Vector(body, 3), 2);
}

}  // namespace culvert::extensions::http_connect

#endif  // CULVERT_TEST_EXTENSIONS_HTTP_CONNECT_CLIENT_HELLO_BYTES_H_
