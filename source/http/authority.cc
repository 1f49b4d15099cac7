#include "source/http/authority.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "source/http/syntax.h"

namespace culvert::http {
namespace {

bool IsNameChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsNameChar);
}

bool IsIpv6(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return false;
  in6_addr address;
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end || port == 0) return std::nullopt;
  return port;
}

// Where the host ends, brackets included; npos if brackets do not pair.
size_t HostEnd(std::string_view text) {
  if (!text.starts_with('[')) return std::min(text.find(':'), text.size());
  const size_t bracket = text.find(']');
  return bracket == std::string_view::npos ? bracket : bracket + 1;
}

}  // namespace

std::optional<Authority> ParseAuthority(std::string_view text) {
  const size_t host_end = HostEnd(text);
  if (host_end == std::string_view::npos) return std::nullopt;

  Authority authority{.host = text.substr(0, host_end)};
  if (text.starts_with('[')) {
    authority.host = authority.host.substr(1, host_end - 2);
    if (!IsIpv6(authority.host)) return std::nullopt;
  } else if (!IsName(authority.host)) {
    return std::nullopt;
  }

  const std::string_view rest = text.substr(host_end);
  if (rest.empty()) return authority;
  if (!rest.starts_with(':')) return std::nullopt;
  authority.port = ParsePort(rest.substr(1));
  if (!authority.port) return std::nullopt;
  return authority;
}

bool SameAuthority(const Authority& a, const Authority& b, uint16_t default_port) {
  return EqualsIgnoreCase(a.host, b.host) &&
         a.port.value_or(default_port) == b.port.value_or(default_port);
}

}  // namespace culvert::http
