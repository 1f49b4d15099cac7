// A range of addresses with a common prefix, "10.0.0.0/8" (RFC 4632). A value; any thread.
#ifndef CULVERT_SOURCE_NET_CIDR_H_
#define CULVERT_SOURCE_NET_CIDR_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "source/net/ip_address.h"

namespace culvert::net {

class Cidr {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or a bare address, which stands for itself alone. Bits set
  // behind the prefix are an error whose message names the network that was probably meant.
  // IPv4-mapped networks
  // (::ffff:10.0.0.0/104) become the IPv4 network.
  static absl::StatusOr<Cidr> Parse(std::string_view text);

  const IpAddress& network() const { return network_; }
  int prefix_length() const { return prefix_length_; }

  // An IPv4-mapped address counts as the IPv4 address, and as no other.
  bool Contains(const IpAddress& address) const;

  // With the prefix length, always.
  std::string ToString() const;

  friend bool operator==(const Cidr&, const Cidr&) = default;

 private:
  Cidr(const IpAddress& network, int prefix_length)
      : network_(network), prefix_length_(prefix_length) {}

  IpAddress network_;
  int prefix_length_;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_CIDR_H_
