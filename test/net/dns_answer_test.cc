#include "source/net/dns_answer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "test/net/dns_test_server.h"

namespace culvert::net {
namespace {

using Family = IpAddress::Family;
using std::chrono::seconds;

DnsAnswer Parse(std::string_view message, Family family) {
  return ParseDnsAnswer({reinterpret_cast<const uint8_t*>(message.data()), message.size()}, family);
}

DnsAnswer ParseScripted(const ScriptedAnswer& answer, Family family = Family::kV4) {
  return Parse(MakeDnsAnswer(MakeDnsQuestion("www.example.com", family), answer), family);
}

IpAddress Ip(std::string_view text) { return *IpAddress::Parse(text); }

TEST(DnsAnswerTest, HasTheAddressesInTheOrderOfTheServer) {
  const DnsAnswer v4 = ParseScripted({.addresses = {Ip("192.0.2.2"), Ip("192.0.2.1")}, .ttl = 30});
  EXPECT_EQ(v4.failure, ResolveFailure::kNone);
  EXPECT_EQ(v4.addresses, (std::vector{Ip("192.0.2.2"), Ip("192.0.2.1")}));
  EXPECT_EQ(v4.ttl, seconds(30));
  const DnsAnswer v6 = ParseScripted({.addresses = {Ip("2001:db8::1")}}, Family::kV6);
  EXPECT_EQ(v6.addresses, std::vector{Ip("2001:db8::1")});
}

TEST(DnsAnswerTest, OtherRecordsAreNoAddresses) {
  const DnsAnswer answer = ParseScripted({.addresses = {Ip("2001:db8::1")}}, Family::kV4);
  EXPECT_EQ(answer.failure, ResolveFailure::kNotFound);
  EXPECT_TRUE(answer.addresses.empty());
}

TEST(DnsAnswerTest, AliasMayShortenTheTimeToLive) {
  using namespace std::string_literals;
  const std::string header = "\0\0\x81\x80\0\0\0\x02\0\0\0\0"s;
  const std::string alias =
      "\x01"
      "a\0\0\x05\0\x01\0\0\0\x05\0\x03\x01"
      "b\0"s;
  const std::string address =
      "\x01"
      "b\0\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01"s;
  const DnsAnswer answer = Parse(header + alias + address, Family::kV4);
  EXPECT_EQ(answer.addresses, std::vector{Ip("192.0.2.1")});
  EXPECT_EQ(answer.ttl, seconds(5));
}

TEST(DnsAnswerTest, TimeToLiveBeyond31BitsIsZero) {
  EXPECT_EQ(ParseScripted({.addresses = {Ip("192.0.2.1")}, .ttl = 0x80000001}).ttl, seconds(0));
  EXPECT_EQ(ParseScripted({.addresses = {Ip("192.0.2.1")}, .ttl = 0x7fffffff}).ttl,
            seconds(0x7fffffff));
}

TEST(DnsAnswerTest, MissingNameLivesAsLongAsTheZoneSays) {
  const DnsAnswer by_minimum = ParseScripted({.code = 3, .ttl = 60, .soa_minimum = 20});
  EXPECT_EQ(by_minimum.failure, ResolveFailure::kNotFound);
  EXPECT_EQ(by_minimum.ttl, seconds(20));
  EXPECT_EQ(ParseScripted({.code = 3, .ttl = 10, .soa_minimum = 20}).ttl, seconds(10));
  EXPECT_EQ(ParseScripted({.code = 3}).ttl, std::nullopt);
}

TEST(DnsAnswerTest, NameWithoutAddressesIsNotFound) {
  const DnsAnswer answer = ParseScripted({.code = 0, .soa_minimum = 20});
  EXPECT_EQ(answer.failure, ResolveFailure::kNotFound);
  EXPECT_EQ(answer.ttl, seconds(20));
}

TEST(DnsAnswerTest, OtherCodesAreFailuresOfTheServer) {
  for (const int code : {1, 2, 4, 5, 9}) {
    EXPECT_EQ(ParseScripted({.code = code}).failure, ResolveFailure::kServerFailure) << code;
  }
}

TEST(DnsAnswerTest, TakesNoMoreAddressesThanTheLimit) {
  const DnsAnswer answer = ParseScripted(
      {.addresses = std::vector<IpAddress>(kMaxAddressesPerAnswer + 5, Ip("192.0.2.1"))});
  EXPECT_EQ(answer.addresses.size(), kMaxAddressesPerAnswer);
}

TEST(DnsAnswerTest, AnswerThatEndsTooEarlyIsMalformed) {
  const std::string whole =
      MakeDnsAnswer(MakeDnsQuestion("www.example.com", Family::kV4),
                    {.addresses = {Ip("192.0.2.1"), Ip("192.0.2.2")}, .soa_minimum = 20});
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Parse(whole.substr(0, size), Family::kV4).failure, ResolveFailure::kMalformed)
        << size;
  }
  EXPECT_EQ(Parse(whole, Family::kV4).failure, ResolveFailure::kNone);
}

TEST(DnsAnswerTest, LabelOfAnUnknownKindIsMalformed) {
  std::string message = MakeDnsAnswer(MakeDnsQuestion("www.example.com", Family::kV4), {});
  message[12] = '\x40';
  EXPECT_EQ(Parse(message, Family::kV4).failure, ResolveFailure::kMalformed);
}

}  // namespace
}  // namespace culvert::net
