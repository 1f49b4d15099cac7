// What the name system says about one name and one address family, read from its message (RFC 1035
// section 4). Pure functions and values; any thread.
#ifndef CULVERT_SOURCE_NET_DNS_ANSWER_H_
#define CULVERT_SOURCE_NET_DNS_ANSWER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "source/base/time.h"
#include "source/net/ip_address.h"

namespace culvert::net {

// Why there is no address. The larger one says more: where the two families fail in different ways,
// it is the failure of the name.
enum class ResolveFailure : uint8_t {
  kNone,
  kNotFound,       // no such name, or it has no address (NXDOMAIN, NODATA)
  kMalformed,      // not a name that can be asked for, or an answer that cannot be read
  kServerFailure,  // the servers refused, failed or could not be reached
  kTimedOut,       // no answer in time
  kTooMany,        // too many questions are under way
  kCancelled,      // the scope was cancelled, or the resolver is gone
};

// A short token for logs and counters: `not_found`, `timed_out`, ...
std::string_view ToToken(ResolveFailure failure);

struct DnsAnswer {
  ResolveFailure failure = ResolveFailure::kNone;
  std::vector<IpAddress> addresses;  // of one family, in the order of the server
  // How long the answer holds, where it says so.
  std::optional<Duration> ttl;
};

// More addresses of one name than this are dropped: an answer may have thousands.
inline constexpr size_t kMaxAddressesPerAnswer = 32;

// Reads the answer to a question for the A or AAAA records of a name; that it is the answer to this
// question is for the caller to know. The time to live is the least one on the way from the name to
// its addresses, or, where there are none, what the zone says about that (RFC 2308 section 5).
DnsAnswer ParseDnsAnswer(std::span<const uint8_t> message, IpAddress::Family family);

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_DNS_ANSWER_H_
