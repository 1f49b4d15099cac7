// What kind of network an address belongs to (the IANA special-purpose registries): a proxy that
// dials what its clients name must know what is not the public Internet. Pure functions; any
// thread.
#ifndef CULVERT_SOURCE_NET_ADDRESS_CLASS_H_
#define CULVERT_SOURCE_NET_ADDRESS_CLASS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "source/net/ip_address.h"

namespace culvert::net {

enum class AddressClass : uint8_t {
  kPublic,
  kUnspecified,  // 0.0.0.0, ::
  kLoopback,     // 127/8, ::1
  kPrivate,      // 10/8, 172.16/12, 192.168/16, fec0::/10
  kLinkLocal,    // 169.254/16, fe80::/10
  kUniqueLocal,  // fc00::/7
  kCgnat,        // 100.64/10
  kMulticast,    // 224/4, ff00::/8
  kReserved,     // documentation, benchmarking, broadcast, and what nobody has been given
};

// An address that carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is of that address's class:
// it leads there. IPv6 outside 2000::/3 that is none of the others is kReserved.
AddressClass Classify(const IpAddress& address);

inline bool IsPublic(const IpAddress& address) {
  return Classify(address) == AddressClass::kPublic;
}

// "public", "link-local", ...
std::string_view ToString(AddressClass address_class);

// The IPv4 address that an IPv6 address leads to: IPv4-mapped and -compatible (RFC 4291
// section 2.5.5), NAT64's well-known prefix (RFC 6052), 6to4 (RFC 3056) and the client of a Teredo
// address (RFC 4380).
std::optional<IpAddress> EmbeddedV4(const IpAddress& address);

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_ADDRESS_CLASS_H_
