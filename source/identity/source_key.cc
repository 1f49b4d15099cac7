#include "source/identity/source_key.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace culvert::identity {
namespace {

constexpr size_t kPrefixBytes = 8;

}  // namespace

std::string SourceKey(const net::SocketAddress& client) {
  if (client.is_unix()) return "unix";
  const net::IpAddress ip = client.ip().Unmapped();
  if (ip.is_v4()) return ip.ToString();
  std::array<uint8_t, 16> prefix = {};
  std::copy_n(ip.bytes().begin(), kPrefixBytes, prefix.begin());
  return net::IpAddress::V6(prefix).ToString() + "/64";
}

}  // namespace culvert::identity
