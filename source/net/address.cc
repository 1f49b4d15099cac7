#include "source/net/address.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <utility>

#include "source/base/status.h"
#include "source/net/host_name.h"

namespace culvert::net {
namespace {

constexpr std::string_view kUnixScheme = "unix:";
constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);
// One byte of sun_path is the NUL behind a file name or before an abstract one.
constexpr size_t kMaxUnixPath = sizeof(sockaddr_un::sun_path) - 1;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// "host:port" or "[host]:port", cut but not yet understood. `error` is null if the shape is right.
struct Parts {
  std::string_view host = {};
  std::string_view port = {};
  bool is_bracketed = false;
  const char* error = nullptr;
};

Parts Split(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == text.npos) return {.error = "the bracket is not closed; write [::1]:443"};
    const std::string_view rest = text.substr(end + 1);
    if (!rest.starts_with(':')) return {.error = "there is no port; write [::1]:443"};
    return {.host = text.substr(1, end - 1), .port = rest.substr(1), .is_bracketed = true};
  }
  const size_t colon = text.find(':');
  if (colon == text.npos) return {.error = "there is no port; write host:port"};
  if (text.find(':', colon + 1) != text.npos) {
    return {.error = "an IPv6 address goes in brackets; write [::1]:443"};
  }
  return {.host = text.substr(0, colon), .port = text.substr(colon + 1)};
}

// The address of `parts` if brackets and family agree.
std::optional<IpAddress> ParseHostAddress(const Parts& parts) {
  const std::optional<IpAddress> address = IpAddress::Parse(parts.host);
  return address && address->is_v6() == parts.is_bracketed ? address : std::nullopt;
}

std::string JoinHostPort(std::string_view host, bool is_v6, uint16_t port) {
  return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

// From sun_path, which the length of the address ends, or the NUL of a file name if it comes first.
std::string UnixPathOf(std::string_view raw) {
  if (raw.empty()) return {};
  if (raw[0] == '\0') return "@" + std::string(raw.substr(1));
  const std::string_view path = raw.substr(0, raw.find('\0'));
  // A file whose name begins with '@' keeps apart from the abstract name.
  return path.starts_with('@') ? "./" + std::string(path) : std::string(path);
}

}  // namespace

absl::StatusOr<SocketAddress> SocketAddress::Parse(std::string_view text) {
  const auto error = [text](std::string_view what) {
    return InvalidArgument(fmt::format("'{}': {}", text, what));
  };
  SocketAddress result;
  if (text.starts_with(kUnixScheme)) {
    const std::string_view path = text.substr(kUnixScheme.size());
    if (path.empty() || path == "@") return error("there is no path; write unix:/run/name.sock");
    if (std::ranges::any_of(path, IsControl)) return error("the path has control characters");
    if (path.size() - path.starts_with('@') > kMaxUnixPath) {
      return error(fmt::format("the path is longer than {} bytes", kMaxUnixPath));
    }
    result.unix_path_ = path;
    return result;
  }
  const Parts parts = Split(text);
  if (parts.error != nullptr) return error(parts.error);
  const std::optional<IpAddress> ip = ParseHostAddress(parts);
  if (!ip) {
    return error(parts.host.empty()
                     ? "there is no address; write 0.0.0.0 or [::] for all of them"
                     : "this is not an IP address; write 127.0.0.1:443 or [::1]:443");
  }
  const std::optional<uint16_t> port = ParsePort(parts.port);
  if (!port) return error("the port must be a number from 0 to 65535");
  return SocketAddress(*ip, *port);
}

std::optional<SocketAddress> SocketAddress::FromSockaddr(const sockaddr* address,
                                                         socklen_t length) {
  if (length < sizeof(sa_family_t)) return std::nullopt;
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof(in));
    std::array<uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return SocketAddress(IpAddress::V4(bytes), ntohs(in.sin_port));
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in6;
    std::memcpy(&in6, address, sizeof(in6));
    std::array<uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
    return SocketAddress(IpAddress::V6(bytes), ntohs(in6.sin6_port));
  }
  if (address->sa_family == AF_UNIX && length <= sizeof(sockaddr_un)) {
    SocketAddress result;
    const char* path = reinterpret_cast<const char*>(address) + kPathOffset;
    result.unix_path_ = UnixPathOf({path, length - kPathOffset});
    return result;
  }
  return std::nullopt;
}

void SocketAddress::ToSockaddr(sockaddr_storage* storage, socklen_t* length) const {
  *storage = {};
  storage->ss_family = static_cast<sa_family_t>(family());
  if (is_unix()) {
    const bool is_abstract = unix_path_->starts_with('@');
    char* path = reinterpret_cast<char*>(storage) + kPathOffset;
    std::ranges::copy(*unix_path_, path);
    if (is_abstract) path[0] = '\0';
    const bool is_file = !is_abstract && !unix_path_->empty();
    *length = static_cast<socklen_t>(kPathOffset + unix_path_->size() + is_file);
  } else if (ip_.is_v4()) {
    auto* in = reinterpret_cast<sockaddr_in*>(storage);
    in->sin_port = htons(port_);
    std::memcpy(&in->sin_addr, ip_.bytes().data(), ip_.bytes().size());
    *length = sizeof(sockaddr_in);
  } else {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(storage);
    in6->sin6_port = htons(port_);
    std::memcpy(&in6->sin6_addr, ip_.bytes().data(), ip_.bytes().size());
    *length = sizeof(sockaddr_in6);
  }
}

int SocketAddress::family() const {
  if (is_unix()) return AF_UNIX;
  return ip_.is_v4() ? AF_INET : AF_INET6;
}

SocketAddress SocketAddress::Unmapped() const {
  SocketAddress result = *this;
  result.ip_ = ip_.Unmapped();
  return result;
}

std::string SocketAddress::ToString() const {
  if (is_ip()) return JoinHostPort(ip_.ToString(), ip_.is_v6(), port_);
  std::string text(kUnixScheme);
  for (const char c : *unix_path_) {
    if (IsControl(c)) {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      text += c;
    }
  }
  return text;
}

HostPort::HostPort(const IpAddress& address, uint16_t port)
    : host_(address.Unmapped().ToString()), address_(address.Unmapped()), port_(port) {}

absl::StatusOr<HostPort> HostPort::ParseAuthority(std::string_view text) {
  if (text.find('@') != text.npos) return InvalidArgument("user information has no place here");
  const Parts parts = Split(text);
  if (parts.error != nullptr) return InvalidArgument(parts.error);
  const std::optional<uint16_t> port = ParsePort(parts.port);
  if (!port || *port == 0) return InvalidArgument("the port must be a number from 1 to 65535");
  if (const auto address = ParseHostAddress(parts)) return HostPort(*address, *port);
  if (parts.is_bracketed) return InvalidArgument("the brackets do not hold an IPv6 address");
  std::optional<std::string> name = NormalizeHostName(parts.host);
  if (!name) return InvalidArgument("the host is neither a host name nor an IP address");
  return HostPort(*std::move(name), *port);
}

absl::StatusOr<HostPort> HostPort::Parse(std::string_view text) {
  absl::StatusOr<HostPort> result = ParseAuthority(text);
  if (result.ok()) return result;
  return InvalidArgument(fmt::format("'{}': {}", text, Message(result.status())));
}

std::string HostPort::ToString() const {
  return JoinHostPort(host_, address_ && address_->is_v6(), port_);
}

}  // namespace culvert::net
