#include "source/identity/source_key.h"

#include <gtest/gtest.h>

namespace culvert::identity {
namespace {

std::string KeyOf(std::string_view address) {
  return SourceKey(net::SocketAddress::Parse(address).value());
}

TEST(SourceKeyTest, IsAnIpv4AddressWithoutItsPort) {
  EXPECT_EQ(KeyOf("192.0.2.1:1000"), "192.0.2.1");
  EXPECT_EQ(KeyOf("192.0.2.1:2000"), KeyOf("192.0.2.1:1000"));
  EXPECT_NE(KeyOf("192.0.2.2:1000"), KeyOf("192.0.2.1:1000"));
}

TEST(SourceKeyTest, IsTheFirstHalfOfAnIpv6Address) {
  EXPECT_EQ(KeyOf("[2001:db8:1:2:3:4:5:6]:1"), "2001:db8:1:2::/64");
  EXPECT_EQ(KeyOf("[2001:db8:1:2:ffff::1]:2"), "2001:db8:1:2::/64");
  EXPECT_NE(KeyOf("[2001:db8:1:3::1]:1"), KeyOf("[2001:db8:1:2::1]:1"));
}

TEST(SourceKeyTest, TakesAMappedAddressForIpv4) {
  EXPECT_EQ(KeyOf("[::ffff:192.0.2.1]:1"), "192.0.2.1");
}

TEST(SourceKeyTest, IsOneForAllUnixSockets) {
  EXPECT_EQ(KeyOf("unix:/run/a.sock"), KeyOf("unix:@b"));
}

}  // namespace
}  // namespace culvert::identity
