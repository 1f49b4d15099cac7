#include "extensions/http_connect/first_bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "test/extensions/http_connect/client_hello_bytes.h"

namespace culvert::extensions::http_connect {
namespace {

using Verdict = FirstBytes::Verdict;

net::HostPort Host(std::string_view text) { return *net::HostPort::ParseAuthority(text); }

// `passed`, or the reason and details of the refusal.
std::string Judge(std::string_view bytes, const net::HostPort* host = nullptr) {
  FirstBytes first(host);
  switch (first.Feed(bytes)) {
    case Verdict::kNeedsMore:
      return "needs more";
    case Verdict::kPassed:
      return "passed";
    case Verdict::kRefused:
      break;
  }
  return std::string(first.failure().reason) + ": " + first.failure().details;
}

std::string JudgeName(std::string_view authority, std::string_view server_name) {
  const net::HostPort host = Host(authority);
  return Judge(ClientHelloBytes(server_name), &host);
}

TEST(FirstBytesTest, AnyHelloPassesWhereNoNameIsAskedFor) {
  EXPECT_EQ(Judge(ClientHelloBytes("a.test")), "passed");
  EXPECT_EQ(Judge(ClientHelloBytes("")), "passed");
}

TEST(FirstBytesTest, TakesAHelloInPiecesAndKeepsEveryByte) {
  const std::string hello = ClientHelloBytes("a.test");
  FirstBytes first(nullptr);
  for (size_t i = 0; i + 1 < hello.size(); ++i) {
    ASSERT_EQ(first.Feed(std::string_view(hello).substr(i, 1)), Verdict::kNeedsMore) << i;
  }
  EXPECT_EQ(first.Feed(hello.substr(hello.size() - 1) + "and more"), Verdict::kPassed);
  EXPECT_EQ(first.bytes(), hello + "and more");
}

TEST(FirstBytesTest, RefusesOtherProtocolsAtTheirFirstByte) {
  for (const char* bytes : {"S", "GET / HTTP/1.1\r\n", "\x80", "\x17\x03\x03"}) {
    EXPECT_TRUE(Judge(bytes).starts_with("not_tls: ")) << bytes;
  }
}

TEST(FirstBytesTest, RefusesWhatOnlyBeginsLikeTls) {
  EXPECT_TRUE(Judge(std::string_view("\x16\x03\x01\x00\x05hello", 10)).starts_with("not_tls: "));
}

TEST(FirstBytesTest, RefusesAHelloThatIsTooLarge) {
  const std::string record_of_16_megabytes =
      Number(22, 1) + Number(0x0301, 2) + Number(16000, 2) + Number(1, 1) + Number(0xffffff, 3);
  EXPECT_TRUE(Judge(record_of_16_megabytes).starts_with("client_hello_too_large: "));
}

TEST(FirstBytesTest, ServerNameMustBeTheHost) {
  EXPECT_EQ(JudgeName("site.test:443", "site.test"), "passed");
  EXPECT_EQ(JudgeName("site.test:443", "other.test"),
            "server_name_mismatch: the server name is other.test");
  EXPECT_EQ(JudgeName("site.test:443", "a.site.test"),
            "server_name_mismatch: the server name is a.site.test");
  EXPECT_EQ(JudgeName("site.test:443", ""), "server_name_mismatch: there is no server name");
}

TEST(FirstBytesTest, NeitherCaseNorTheDotOfTheRootMatters) {
  EXPECT_EQ(JudgeName("SITE.test:443", "site.TEST"), "passed");
  EXPECT_EQ(JudgeName("site.test.:443", "site.test"), "passed");
}

TEST(FirstBytesTest, AddressNeedsAHelloWithoutAName) {
  EXPECT_EQ(JudgeName("192.0.2.1:443", ""), "passed");
  EXPECT_EQ(JudgeName("[2001:db8::1]:443", ""), "passed");
  EXPECT_EQ(JudgeName("192.0.2.1:443", "site.test"),
            "server_name_mismatch: the server name is site.test");
  EXPECT_EQ(JudgeName("192.0.2.1:443", "192.0.2.1"),
            "server_name_mismatch: the server name is no host name");
}

}  // namespace
}  // namespace culvert::extensions::http_connect
