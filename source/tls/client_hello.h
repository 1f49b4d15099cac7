// Looks ahead into the first bytes of a connection for the ClientHello of TLS, to choose a filter
// chain or to check a tunnel, without taking part in the handshake. Pure: bytes in, values out.
// Owned by whoever reads the connection; one thread at a time.
#ifndef CULVERT_SOURCE_TLS_CLIENT_HELLO_H_
#define CULVERT_SOURCE_TLS_CLIENT_HELLO_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::tls {

// What a client offers (RFC 8446 section 4.1.2). Nothing of it is authenticated.
struct ClientHello {
  uint16_t legacy_version = 0;
  // As net::NormalizeHostName gives it (RFC 6066 section 3).
  std::optional<std::string> server_name;
  // The client named a server, but by something that is no host name, such as an IP address, which
  // the RFC forbids and some clients send. There is no server_name then.
  bool has_invalid_server_name = false;
  // In the client's order of preference (RFC 7301 section 3.1); any bytes.
  std::vector<std::string> application_protocols;
  // In the client's order of preference; empty before TLS 1.3 (RFC 8446 section 4.2.1).
  std::vector<uint16_t> supported_versions;
};

// False as soon as the first bytes of a connection, however few, cannot be those of a TLS
// ClientHello.
bool CanBeTls(std::span<const uint8_t> first_bytes);

class ClientHelloReader {
 public:
  enum class Status : uint8_t {
    kNeedsMore,
    kComplete,
    kNotTls,     // Some other protocol.
    kMalformed,  // TLS, but against its rules: the handshake would fail.
    kTooLarge,   // Not complete within max_size, or announced to be larger.
  };

  // The hello with the headers of its records may have `max_size` bytes, which bounds what is
  // buffered too.
  explicit ClientHelloReader(size_t max_size) : max_size_(max_size) {}

  // Takes the bytes that have arrived since the last call, in pieces of any size; the cost is
  // linear in their sum. Every status but kNeedsMore is final: what is fed after it is ignored.
  Status Feed(std::span<const uint8_t> bytes);

  Status status() const { return status_; }

  // Requires kComplete.
  const ClientHello& hello() const { return hello_; }

  // Why there is no hello, for a log: a fixed text, empty while kNeedsMore and after kComplete.
  std::string_view error() const { return error_; }

 private:
  Status Fail(Status status, std::string_view error);
  Status FailTooLarge();
  Status ReadRecordHeader();
  Status TakeFragment(std::span<const uint8_t> fragment);

  size_t max_size_;
  Status status_ = Status::kNeedsMore;
  std::string_view error_;
  ClientHello hello_;

  size_t consumed_ = 0;             // Bytes taken, with record headers.
  std::vector<uint8_t> header_;     // Of the record that is being read, until it is whole.
  size_t fragment_left_ = 0;        // Bytes of that record still to come.
  std::vector<uint8_t> handshake_;  // The handshake message, out of its records.
};

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_CLIENT_HELLO_H_
