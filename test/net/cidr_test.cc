#include "source/net/cidr.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "source/base/status.h"
#include "source/net/ip_address.h"

namespace culvert::net {
namespace {

IpAddress Ip(std::string_view text) {
  const auto address = IpAddress::Parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address.value_or(IpAddress());
}

template <typename T>
std::string ErrorOf(const absl::StatusOr<T>& result) {
  return result.ok() ? "no error" : std::string(Message(result.status()));
}

TEST(CidrTest, ContainsFromTheFirstToTheLastAddress) {
  const Cidr v4 = *Cidr::Parse("172.16.0.0/12");
  EXPECT_TRUE(v4.Contains(Ip("172.16.0.0")));
  EXPECT_TRUE(v4.Contains(Ip("172.31.255.255")));
  EXPECT_FALSE(v4.Contains(Ip("172.15.255.255")));
  EXPECT_FALSE(v4.Contains(Ip("172.32.0.0")));
  const Cidr v6 = *Cidr::Parse("2001:db8:8000::/33");
  EXPECT_TRUE(v6.Contains(Ip("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")));
  EXPECT_FALSE(v6.Contains(Ip("2001:db8:7fff:ffff:ffff:ffff:ffff:ffff")));
}

TEST(CidrTest, TakesABareAddressForItselfAlone) {
  EXPECT_EQ(Cidr::Parse("192.0.2.1")->ToString(), "192.0.2.1/32");
  EXPECT_EQ(Cidr::Parse("::1")->ToString(), "::1/128");
  EXPECT_FALSE(Cidr::Parse("::1")->Contains(Ip("::2")));
}

TEST(CidrTest, TheEmptyPrefixContainsItsFamilyAndNoOther) {
  EXPECT_TRUE(Cidr::Parse("0.0.0.0/0")->Contains(Ip("255.1.2.3")));
  EXPECT_FALSE(Cidr::Parse("0.0.0.0/0")->Contains(Ip("::1")));
  EXPECT_TRUE(Cidr::Parse("::/0")->Contains(Ip("::1")));
  EXPECT_FALSE(Cidr::Parse("::/0")->Contains(Ip("1.2.3.4")));
}

TEST(CidrTest, TakesMappedForIpv4OnBothSides) {
  EXPECT_TRUE(Cidr::Parse("10.0.0.0/8")->Contains(Ip("::ffff:10.1.2.3")));
  EXPECT_FALSE(Cidr::Parse("::/0")->Contains(Ip("::ffff:10.1.2.3")));
  EXPECT_EQ(Cidr::Parse("::ffff:10.0.0.0/104")->ToString(), "10.0.0.0/8");
  EXPECT_EQ(Cidr::Parse("::ffff:10.0.0.1")->ToString(), "10.0.0.1/32");
}

TEST(CidrTest, NamesTheNetworkThatWasMeant) {
  EXPECT_EQ(ErrorOf(Cidr::Parse("10.1.2.3/8")),
            "'10.1.2.3/8' has bits set behind its prefix; write 10.0.0.0/8 for the network or "
            "10.1.2.3 for "
            "the one address");
  EXPECT_NE(ErrorOf(Cidr::Parse("2001:db8::1/32")).find("write 2001:db8::/32 "), std::string::npos);
}

TEST(CidrTest, RefusesWhatIsNoNetwork) {
  for (const std::string text : {"", "/8", "example.com", "10.0.0.0/", "10.0.0.0/33", "::/129",
                                 "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8 ",
                                 "10.0.0.0/8/8", "10/8", "10.0.0.0/255.0.0.0", "::/99999999999"}) {
    EXPECT_FALSE(Cidr::Parse(text).ok()) << text;
  }
  EXPECT_EQ(ErrorOf(Cidr::Parse("10.0.0.0/33")),
            "'10.0.0.0/33': the prefix length of IPv4 must be 0 to 32");
}

}  // namespace
}  // namespace culvert::net
