// Where to listen and where to connect: SocketAddress is what the kernel takes (IP and port, or a
// unix path), HostPort what people and clients write (a name or an address, and a port). Values;
// any thread.
#ifndef CULVERT_SOURCE_NET_ADDRESS_H_
#define CULVERT_SOURCE_NET_ADDRESS_H_

#include <sys/socket.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "source/net/address_class.h"  // IWYU pragma: export
#include "source/net/cidr.h"           // IWYU pragma: export
#include "source/net/ip_address.h"     // IWYU pragma: export
#include "source/net/port_set.h"       // IWYU pragma: export

namespace culvert::net {

class SocketAddress {
 public:
  // 0.0.0.0:0
  SocketAddress() = default;
  SocketAddress(const IpAddress& ip, uint16_t port) : ip_(ip), port_(port) {}

  // "127.0.0.1:8443", "[::1]:443" (port 0: the kernel chooses), "unix:/run/x.sock" or, in the
  // abstract namespace, "unix:@name". The error says what to write instead.
  static absl::StatusOr<SocketAddress> Parse(std::string_view text);

  // What accept, getsockname or getpeername filled in; IPv4-mapped addresses stay as they are.
  // Nothing for families other than IPv4, IPv6 and unix, and for lengths that do not fit.
  static std::optional<SocketAddress> FromSockaddr(const sockaddr* address, socklen_t length);

  // For bind and connect; overwrites both.
  void ToSockaddr(sockaddr_storage* storage, socklen_t* length) const;

  // AF_INET, AF_INET6 or AF_UNIX.
  int family() const;
  bool is_ip() const { return !unix_path_.has_value(); }
  bool is_unix() const { return unix_path_.has_value(); }

  // 0.0.0.0 and 0 for a unix socket.
  const IpAddress& ip() const { return ip_; }
  uint16_t port() const { return port_; }

  // Without "unix:"; begins with '@' in the abstract namespace, and is empty for a socket without a
  // name, such as a client's. Requires is_unix().
  const std::string& unix_path() const { return *unix_path_; }

  // The same with the IP address Unmapped().
  SocketAddress Unmapped() const;

  // As Parse reads it. Control characters, which a local peer may put into its name, are escaped as
  // \x0a.
  std::string ToString() const;

  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;

 private:
  IpAddress ip_;
  uint16_t port_ = 0;
  std::optional<std::string> unix_path_;
};

class HostPort {
 public:
  HostPort(const IpAddress& address, uint16_t port);

  // "edge.example.com:443", "192.0.2.1:80", "[2001:db8::1]:443"; the port is 1 to 65535. The error
  // quotes the text and says what to write instead.
  static absl::StatusOr<HostPort> Parse(std::string_view text);

  // The target of a CONNECT request (authority-form, RFC 9112 section 3.2.3): the same syntax,
  // hence neither user information nor percent-encoding, spaces or control characters. The error
  // does not quote what the client sent.
  static absl::StatusOr<HostPort> ParseAuthority(std::string_view text);

  // A host name as NormalizeHostName gives it, or the canonical text of an address, without
  // brackets.
  const std::string& host() const { return host_; }

  // Set if the host is an address; never IPv4-mapped, so that one destination has one spelling.
  const std::optional<IpAddress>& address() const { return address_; }

  uint16_t port() const { return port_; }

  // As Parse reads it.
  std::string ToString() const;

  friend bool operator==(const HostPort&, const HostPort&) = default;

 private:
  HostPort(std::string host, uint16_t port) : host_(std::move(host)), port_(port) {}

  std::string host_;
  std::optional<IpAddress> address_;
  uint16_t port_;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_ADDRESS_H_
