#include "source/http/authority.h"

#include <gtest/gtest.h>

namespace culvert::http {
namespace {

using namespace std::string_view_literals;

TEST(AuthorityTest, ReadsHostAndPort) {
  const struct {
    std::string_view text;
    std::string_view host;
    std::optional<uint16_t> port;
  } kCases[] = {
      {"example.com", "example.com", std::nullopt},
      {"example.com:443", "example.com", 443},
      {"a_b-c~d.example.", "a_b-c~d.example.", std::nullopt},
      {"192.0.2.1:65535", "192.0.2.1", 65535},
      {"[2001:db8::1]", "2001:db8::1", std::nullopt},
      {"[::ffff:192.0.2.1]:1", "::ffff:192.0.2.1", 1},
  };
  for (const auto& test : kCases) {
    const auto authority = ParseAuthority(test.text);
    ASSERT_TRUE(authority) << test.text;
    EXPECT_EQ(authority->host, test.host);
    EXPECT_EQ(authority->port, test.port);
  }
}

TEST(AuthorityTest, RefusesWhatIsNone) {
  const struct {
    const char* name;
    std::string_view text;
  } kCases[] = {
      {"nothing", ""},
      {"no host", ":80"},
      {"userinfo", "user@h"},
      {"userinfo with a password", "user:word@h:80"},
      {"path", "h/"},
      {"query", "h?"},
      {"percent-encoding", "%61.example"},
      {"comma", "a,b"},
      {"space", "a b"},
      {"NUL", "a\0b"sv},
      {"byte over 0x7f", "\xc3\xa9.example"},
      {"empty port", "h:"},
      {"port 0", "h:0"},
      {"port over 65535", "h:65536"},
      {"signed port", "h:+80"},
      {"port with a space", "h: 80"},
      {"two ports", "h:80:80"},
      {"IPv6 without brackets", "::1"},
      {"unclosed bracket", "[::1"},
      {"empty brackets", "[]"},
      {"name in brackets", "[h]"},
      {"IPv4 in brackets", "[192.0.2.1]"},
      {"zone", "[fe80::1%eth0]"},
      {"NUL in brackets", "[::1\0]"sv},
      {"text behind the bracket", "[::1]x"},
      {"port without colon", "[::1]180"},
      {"IPvFuture", "[v1.a]"},
  };
  for (const auto& test : kCases) EXPECT_FALSE(ParseAuthority(test.text)) << test.name;
}

TEST(AuthorityTest, ComparesWithoutCaseAndWithTheDefaultPort) {
  EXPECT_TRUE(SameAuthority({"Example.com", 80}, {"example.COM", std::nullopt}, 80));
  EXPECT_FALSE(SameAuthority({"a", 81}, {"a", std::nullopt}, 80));
  EXPECT_FALSE(SameAuthority({"a", 80}, {"a.", 80}, 80));
}

}  // namespace
}  // namespace culvert::http
