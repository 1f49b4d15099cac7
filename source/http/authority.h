// The `host[:port]` of a Host field, of an absolute target and of CONNECT (RFC 9110, 7.2; RFC
// 3986, 3.2). A view into the text that was parsed, owned by whoever owns that; any thread.
#ifndef CULVERT_SOURCE_HTTP_AUTHORITY_H_
#define CULVERT_SOURCE_HTTP_AUTHORITY_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace culvert::http {

struct Authority {
  // A name, an IPv4 address, or an IPv6 address without its brackets.
  std::string_view host;
  // 1 to 65535.
  std::optional<uint16_t> port = std::nullopt;
};

// Stricter than RFC 3986: a name is letters, digits and `-._~`, without percent-encoding and the
// punctuation that no host name has; an IPv6 address is a real one in brackets without a zone; a
// colon is followed by a port. No userinfo. Nothing if `text` is not that.
std::optional<Authority> ParseAuthority(std::string_view text);

// Whether both name the same host and port, `default_port` standing in for a missing one.
bool SameAuthority(const Authority& a, const Authority& b, uint16_t default_port);

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_AUTHORITY_H_
