// The body of a ClientHello message, once it is out of its records. Internal to the look-ahead;
// pure functions.
#ifndef CULVERT_SOURCE_TLS_CLIENT_HELLO_MESSAGE_H_
#define CULVERT_SOURCE_TLS_CLIENT_HELLO_MESSAGE_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "source/tls/client_hello.h"

namespace culvert::tls {

// Reads `body`, which is what follows the four bytes of the handshake header, into `hello`. Returns
// what is wrong with it, or an empty text.
std::string_view ParseClientHello(std::span<const uint8_t> body, ClientHello& hello);

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_CLIENT_HELLO_MESSAGE_H_
