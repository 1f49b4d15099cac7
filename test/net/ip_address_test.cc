#include "source/net/ip_address.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"

namespace culvert::net {
namespace {

IpAddress Ip(std::string_view text) {
  const auto address = IpAddress::Parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address.value_or(IpAddress());
}

TEST(IpAddressTest, PrintsWhatItParsesCanonically) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"0.0.0.0", "0.0.0.0"},
      {"192.0.2.255", "192.0.2.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8::00A1", "2001:db8::a1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
  };
  for (const auto& [text, canonical] : cases) EXPECT_EQ(Ip(text).ToString(), canonical);
}

TEST(IpAddressTest, RefusesWhatIsNotStrictlyAnAddress) {
  for (const std::string text : {"",
                                 "1",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "1.2.3.256",
                                 "01.2.3.4",
                                 "1.2.3.04",
                                 "0x7f.0.0.1",
                                 "1.2.3.4 ",
                                 " 1.2.3.4",
                                 "1.2.3.-4",
                                 "+1.2.3.4",
                                 "1.2.3.",
                                 "127.1",
                                 "2130706433",
                                 ":",
                                 ":::",
                                 "1::2::3",
                                 "12345::",
                                 "1:2:3:4:5:6:7",
                                 "1:2:3:4:5:6:7:8:9",
                                 "[::1]",
                                 "fe80::1%eth0",
                                 "::1.2.3.04",
                                 "g::",
                                 "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111"}) {
    EXPECT_FALSE(IpAddress::Parse(text).has_value()) << text;
  }
  EXPECT_FALSE(IpAddress::Parse(std::string_view("1.2.3.4\0", 8)).has_value());
}

TEST(IpAddressTest, UnmapsOnlyMappedAddresses) {
  EXPECT_EQ(Ip("::ffff:10.0.0.1").Unmapped(), Ip("10.0.0.1"));
  EXPECT_NE(Ip("::ffff:10.0.0.1"), Ip("10.0.0.1"));
  EXPECT_EQ(Ip("::fffe:10.0.0.1").Unmapped(), Ip("::fffe:10.0.0.1"));
  EXPECT_EQ(Ip("10.0.0.1").Unmapped(), Ip("10.0.0.1"));
}

TEST(IpAddressTest, OrdersAndHashesByValue) {
  EXPECT_LT(Ip("9.255.255.255"), Ip("10.0.0.0"));
  EXPECT_LT(Ip("255.255.255.255"), Ip("::"));
  EXPECT_LT(Ip("::1"), Ip("::2"));
  EXPECT_EQ(absl::HashOf(Ip("2001:db8::1")), absl::HashOf(Ip("2001:db8:0::1")));
  EXPECT_NE(absl::HashOf(Ip("2001:db8::1")), absl::HashOf(Ip("2001:db8::2")));
}

TEST(IpAddressTest, HoldsAsManyBytesAsItsFamily) {
  EXPECT_EQ(Ip("1.2.3.4").bytes().size(), 4);
  EXPECT_EQ(Ip("1.2.3.4").bytes()[3], 4);
  EXPECT_EQ(Ip("::5").bytes().size(), 16);
  EXPECT_EQ(Ip("::5").bytes()[15], 5);
}

}  // namespace
}  // namespace culvert::net
