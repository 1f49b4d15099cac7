#include "source/net/address_class.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/net/ip_address.h"

namespace culvert::net {
namespace {

IpAddress Ip(std::string_view text) {
  const auto address = IpAddress::Parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address.value_or(IpAddress());
}

TEST(ClassifyTest, KnowsTheSpecialPurposeNetworksAndTheirEnds) {
  using enum AddressClass;
  const std::vector<std::pair<std::string, AddressClass>> cases = {
      {"0.0.0.0", kUnspecified},      {"0.0.0.1", kReserved},
      {"1.0.0.0", kPublic},           {"9.255.255.255", kPublic},
      {"10.0.0.0", kPrivate},         {"10.255.255.255", kPrivate},
      {"11.0.0.0", kPublic},          {"100.63.255.255", kPublic},
      {"100.64.0.0", kCgnat},         {"100.127.255.255", kCgnat},
      {"100.128.0.0", kPublic},       {"127.0.0.1", kLoopback},
      {"127.255.255.255", kLoopback}, {"169.254.169.254", kLinkLocal},
      {"172.15.255.255", kPublic},    {"172.16.0.0", kPrivate},
      {"172.31.255.255", kPrivate},   {"172.32.0.0", kPublic},
      {"192.0.0.1", kReserved},       {"192.0.1.0", kPublic},
      {"192.0.2.1", kReserved},       {"192.88.99.1", kReserved},
      {"192.168.255.255", kPrivate},  {"198.18.0.0", kReserved},
      {"198.19.255.255", kReserved},  {"198.20.0.0", kPublic},
      {"198.51.100.7", kReserved},    {"203.0.113.7", kReserved},
      {"224.0.0.1", kMulticast},      {"239.255.255.255", kMulticast},
      {"240.0.0.1", kReserved},       {"255.255.255.255", kReserved},
      {"::", kUnspecified},           {"::1", kLoopback},
      {"100::1", kReserved},          {"2001:4860:4860::8888", kPublic},
      {"2001:2::1", kReserved},       {"2001:20::1", kReserved},
      {"2001:200::1", kPublic},       {"2001:db8::1", kReserved},
      {"3fff::1", kReserved},         {"3fff:1000::1", kPublic},
      {"4000::1", kReserved},         {"5f00::1", kReserved},
      {"64:ff9b:1::1", kReserved},    {"fc00::1", kUniqueLocal},
      {"fdff::1", kUniqueLocal},      {"fe80::1", kLinkLocal},
      {"febf::1", kLinkLocal},        {"fec0::1", kPrivate},
      {"ff02::1", kMulticast},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(ToString(Classify(Ip(text))), ToString(expected)) << text;
    EXPECT_EQ(IsPublic(Ip(text)), expected == kPublic) << text;
  }
}

TEST(ClassifyTest, LooksThroughToTheEmbeddedIpv4Address) {
  using enum AddressClass;
  const std::vector<std::pair<std::string, AddressClass>> cases = {
      {"::ffff:127.0.0.1", kLoopback},
      {"::ffff:8.8.8.8", kPublic},
      {"::10.0.0.1", kPrivate},         // IPv4-compatible
      {"64:ff9b::10.0.0.1", kPrivate},  // NAT64
      {"64:ff9b::8.8.8.8", kPublic},
      {"2002:a9fe:a9fe::1", kLinkLocal},  // 6to4 of 169.254.169.254
      {"2002:808:808::1", kPublic},
      {"2001:0:808:808:0:0:80ff:fffe", kLoopback},  // Teredo of 127.0.0.1
      {"2001:0:a00:1:0:0:f7f7:f7f7", kPublic},      // Teredo of 8.8.8.8
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(ToString(Classify(Ip(text))), ToString(expected)) << text;
  }
}

}  // namespace
}  // namespace culvert::net
