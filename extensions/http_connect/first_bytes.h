// Judges the first bytes that a client sends into its tunnel, where they have to be a ClientHello
// of TLS, perhaps with the host of the CONNECT as its server name. Pure: bytes in, a verdict out.
// Owned by the coroutine that reads them.
#ifndef CULVERT_EXTENSIONS_HTTP_CONNECT_FIRST_BYTES_H_
#define CULVERT_EXTENSIONS_HTTP_CONNECT_FIRST_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "source/base/failure.h"
#include "source/net/address.h"
#include "source/tls/client_hello.h"

namespace culvert::extensions::http_connect {

inline constexpr size_t kMaxClientHelloSize = 16 * 1024;

class FirstBytes {
 public:
  enum class Verdict : uint8_t { kNeedsMore, kPassed, kRefused };

  // `host`: whose name the hello must have; it must outlive the object. Null: any hello will do. A
  // hello without a name passes for a host that is an address, since addresses are no server names
  // (RFC 6066, 3); one with a name does not.
  explicit FirstBytes(const net::HostPort* host) : host_(host) {}

  // Takes the bytes that have come since the last call. Once it does not say kNeedsMore it is not
  // called again.
  Verdict Feed(std::span<const char> bytes);

  // All that was fed, to be given on or counted.
  const std::string& bytes() const { return bytes_; }
  // After kRefused: `not_tls`, `client_hello_too_large` or `server_name_mismatch`.
  const Failure& failure() const { return failure_; }

 private:
  Verdict Refuse(std::string_view reason, std::string details);
  Verdict CheckName();

  const net::HostPort* const host_;
  tls::ClientHelloReader reader_{kMaxClientHelloSize};
  std::string bytes_;
  Failure failure_;
};

}  // namespace culvert::extensions::http_connect

#endif  // CULVERT_EXTENSIONS_HTTP_CONNECT_FIRST_BYTES_H_
