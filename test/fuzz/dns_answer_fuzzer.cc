// Answers of name servers: any bytes give either addresses of the family that was asked for or a
// failure, never both.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "source/net/dns_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using culvert::net::DnsAnswer;
  using culvert::net::IpAddress;
  using culvert::net::ResolveFailure;
  for (const IpAddress::Family family : {IpAddress::Family::kV4, IpAddress::Family::kV6}) {
    const DnsAnswer answer = culvert::net::ParseDnsAnswer(std::span(data, size), family);
    if (answer.addresses.empty() == (answer.failure == ResolveFailure::kNone)) std::abort();
    if (answer.addresses.size() > culvert::net::kMaxAddressesPerAnswer) std::abort();
    if (answer.ttl && *answer.ttl < culvert::Duration::zero()) std::abort();
    for (const IpAddress& address : answer.addresses) {
      if (address.family() != family) std::abort();
    }
  }
  return 0;
}
