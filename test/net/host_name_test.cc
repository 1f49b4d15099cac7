#include "source/net/host_name.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace culvert::net {
namespace {

TEST(HostNameTest, LowersTheNameAndDropsTheRootDot) {
  EXPECT_EQ(NormalizeHostName("Edge.EXAMPLE.com."), "edge.example.com");
  EXPECT_EQ(NormalizeHostName("localhost"), "localhost");
  EXPECT_EQ(NormalizeHostName("_dmarc.r1---sn.xn--bcher-kva.example"),
            "_dmarc.r1---sn.xn--bcher-kva.example");
  EXPECT_EQ(NormalizeHostName("1.2.3.4.example"), "1.2.3.4.example");
}

TEST(HostNameTest, BoundsLabelsAndName) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'a');
  ASSERT_EQ(longest.size(), 253);
  EXPECT_EQ(NormalizeHostName(longest), longest);
  EXPECT_EQ(NormalizeHostName(longest + "."), longest);
  EXPECT_FALSE(NormalizeHostName(longest + "a"));
  EXPECT_FALSE(NormalizeHostName(label + "a.example"));
}

TEST(HostNameTest, RefusesWhatIsNoHostName) {
  for (const std::string text :
       {"", ".", "..", ".example.com", "a..b", "a.b..", "a b", "a\tb", "caf\xc3\xa9", "a/b",
        "a%2eb", "*.example.com", "a:b", "[::1]", "::1"}) {
    EXPECT_FALSE(NormalizeHostName(text)) << text;
  }
  EXPECT_FALSE(NormalizeHostName(std::string_view("a\0b", 3)));
}

TEST(HostNameTest, RefusesNamesThatSomeReadAsAddresses) {
  for (const std::string text : {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1",
                                 "017700000001", "1.2.3.4.", "example.0X7F", "a.0x"}) {
    EXPECT_FALSE(NormalizeHostName(text)) << text;
  }
}

}  // namespace
}  // namespace culvert::net
