#include "source/net/address_class.h"

#include <algorithm>
#include <array>
#include <span>

namespace culvert::net {
namespace {

// The top `length` bits of an address; no prefix here is longer than 64 bits but ::1 and ::, which
// are asked for by themselves.
struct Prefix {
  uint64_t bits;
  int length;
  AddressClass address_class;
};

// The more specific of two that overlap comes first. IANA's IPv4 special-purpose address registry.
constexpr Prefix kV4Prefixes[] = {
    {0x00000000, 32, AddressClass::kUnspecified},
    {0x00000000, 8, AddressClass::kReserved},  // "this network"
    {0x0a000000, 8, AddressClass::kPrivate},
    {0x64400000, 10, AddressClass::kCgnat},
    {0x7f000000, 8, AddressClass::kLoopback},
    {0xa9fe0000, 16, AddressClass::kLinkLocal},
    {0xac100000, 12, AddressClass::kPrivate},
    {0xc0000000, 24, AddressClass::kReserved},  // 192.0.0.0/24, IETF protocol assignments
    {0xc0000200, 24, AddressClass::kReserved},  // 192.0.2.0/24, documentation
    {0xc0586300, 24, AddressClass::kReserved},  // 192.88.99.0/24, 6to4 relay anycast
    {0xc0a80000, 16, AddressClass::kPrivate},
    {0xc6120000, 15, AddressClass::kReserved},  // 198.18.0.0/15, benchmarking
    {0xc6336400, 24, AddressClass::kReserved},  // 198.51.100.0/24, documentation
    {0xcb007100, 24, AddressClass::kReserved},  // 203.0.113.0/24, documentation
    {0xe0000000, 4, AddressClass::kMulticast},
    {0xf0000000, 4, AddressClass::kReserved},  // with 255.255.255.255, broadcast
    {0, 0, AddressClass::kPublic},
};

// IANA's IPv6 special-purpose address registry, by the upper 64 bits.
constexpr Prefix kV6Prefixes[] = {
    {0x2001000000000000, 23, AddressClass::kReserved},  // 2001::/23, IETF protocol assignments
    {0x20010db800000000, 32, AddressClass::kReserved},  // 2001:db8::/32, documentation
    {0x3fff000000000000, 20, AddressClass::kReserved},  // 3fff::/20, documentation
    {0x2000000000000000, 3, AddressClass::kPublic},
    {0xfc00000000000000, 7, AddressClass::kUniqueLocal},
    {0xfe80000000000000, 10, AddressClass::kLinkLocal},
    {0xfec0000000000000, 10, AddressClass::kPrivate},  // site-local
    {0xff00000000000000, 8, AddressClass::kMulticast},
    {0, 0, AddressClass::kReserved},
};

uint64_t BigEndian(std::span<const uint8_t> bytes) {
  uint64_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

// `bits` has `width` bits.
AddressClass Lookup(std::span<const Prefix> table, uint64_t bits, int width) {
  for (const Prefix& prefix : table) {
    // Shifting by the whole width of the type is undefined, so the empty prefix is asked for first.
    if (prefix.length == 0 || (bits ^ prefix.bits) >> (width - prefix.length) == 0) {
      return prefix.address_class;
    }
  }
  return AddressClass::kReserved;
}

}  // namespace

std::optional<IpAddress> EmbeddedV4(const IpAddress& address) {
  if (address.is_v4()) return std::nullopt;
  const std::span<const uint8_t> bytes = address.bytes();
  const auto last = bytes.last<4>();
  const uint64_t high = BigEndian(bytes.first(8));
  const uint64_t middle = BigEndian(bytes.subspan(8, 4));
  const uint64_t low = BigEndian(last);
  if (high == 0 && middle == 0xffff) return IpAddress::V4(last);        // ::ffff:0:0/96
  if (high == 0 && middle == 0 && low > 1) return IpAddress::V4(last);  // ::/96 but :: and ::1
  if (high == 0x0064ff9b00000000 && middle == 0) return IpAddress::V4(last);  // 64:ff9b::/96
  if (high >> 48 == 0x2002) return IpAddress::V4(bytes.subspan<2, 4>());      // 2002::/16
  if (high >> 32 == 0x20010000) {                                             // 2001::/32, inverted
    return IpAddress::V4(~last[0] & 0xff, ~last[1] & 0xff, ~last[2] & 0xff, ~last[3] & 0xff);
  }
  return std::nullopt;
}

AddressClass Classify(const IpAddress& address) {
  if (address.is_v4()) return Lookup(kV4Prefixes, BigEndian(address.bytes()), 32);
  if (const auto v4 = EmbeddedV4(address)) return Classify(*v4);
  const uint64_t high = BigEndian(address.bytes().first(8));
  const uint64_t low = BigEndian(address.bytes().last(8));
  if (high == 0 && low == 0) return AddressClass::kUnspecified;
  if (high == 0 && low == 1) return AddressClass::kLoopback;
  return Lookup(kV6Prefixes, high, 64);
}

std::string_view ToString(AddressClass address_class) {
  switch (address_class) {
    case AddressClass::kPublic:
      return "public";
    case AddressClass::kUnspecified:
      return "unspecified";
    case AddressClass::kLoopback:
      return "loopback";
    case AddressClass::kPrivate:
      return "private";
    case AddressClass::kLinkLocal:
      return "link-local";
    case AddressClass::kUniqueLocal:
      return "unique-local";
    case AddressClass::kCgnat:
      return "CGNAT";
    case AddressClass::kMulticast:
      return "multicast";
    case AddressClass::kReserved:
      return "reserved";
  }
  return "reserved";
}

}  // namespace culvert::net
