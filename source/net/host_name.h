// The syntax of host names, for everything that names a host: CONNECT, endpoints, policies, TLS
// server names. Pure functions; any thread.
#ifndef CULVERT_SOURCE_NET_HOST_NAME_H_
#define CULVERT_SOURCE_NET_HOST_NAME_H_

#include <optional>
#include <string>
#include <string_view>

namespace culvert::net {

// The name in lower case and without the dot of the root, or nothing if it is no host name: labels
// of 1 to 63 letters, digits, hyphens and underscores, at most 253 characters in all (RFC 1035
// section 2.3.4). A hyphen may stand at the end of a label and an underscore anywhere, since such
// names are served. A last label that is a number (10.1, 0x7f.1, 2130706433) is refused: resolvers
// disagree on whether such a text is an address.
std::optional<std::string> NormalizeHostName(std::string_view text);

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_HOST_NAME_H_
