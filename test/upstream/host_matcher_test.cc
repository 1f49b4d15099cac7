#include "source/upstream/host_matcher.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "source/base/status.h"

namespace culvert::upstream {
namespace {

HostMatcher Matcher(const std::vector<std::string>& patterns) {
  HostMatcher matcher;
  for (const std::string& pattern : patterns) {
    const absl::Status status = matcher.Add(pattern);
    EXPECT_TRUE(status.ok()) << Message(status);
  }
  return matcher;
}

std::string ErrorOf(std::string_view pattern) {
  return std::string(Message(HostMatcher().Add(pattern)));
}

TEST(HostMatcherTest, MatchesAnExactNameInAnyCaseOfThePattern) {
  const HostMatcher matcher = Matcher({"DB.example.com."});
  EXPECT_TRUE(matcher.Matches("db.example.com"));
  EXPECT_FALSE(matcher.Matches("a.db.example.com"));
  EXPECT_FALSE(matcher.Matches("example.com"));
}

TEST(HostMatcherTest, MatchesASuffixAtAnyDepthButNotTheNameItself) {
  const HostMatcher matcher = Matcher({"*.Example.com"});
  EXPECT_TRUE(matcher.Matches("a.example.com"));
  EXPECT_TRUE(matcher.Matches("a.b.c.example.com"));
  EXPECT_FALSE(matcher.Matches("example.com"));
  EXPECT_FALSE(matcher.Matches("badexample.com"));
  EXPECT_FALSE(matcher.Matches("a.example.com.evil.test"));
}

TEST(HostMatcherTest, MatchesARegularExpressionAgainstTheWholeNameInAnyCase) {
  const HostMatcher matcher = Matcher({"/DB[0-9]+\\.example\\.com/"});
  EXPECT_TRUE(matcher.Matches("db17.example.com"));
  EXPECT_FALSE(matcher.Matches("db17.example.com.evil.test"));
  EXPECT_FALSE(matcher.Matches("xdb17.example.com"));
}

TEST(HostMatcherTest, AnchorsEveryAlternativeOfARegularExpression) {
  const HostMatcher matcher = Matcher({"/a\\.test|b\\.test/"});
  EXPECT_TRUE(matcher.Matches("b.test"));
  EXPECT_FALSE(matcher.Matches("b.test.evil.test"));
  EXPECT_FALSE(matcher.Matches("evil.a.test"));
}

TEST(HostMatcherTest, MatchesAddressesInTheirCanonicalText) {
  const HostMatcher matcher = Matcher({"2001:DB8:0::1", "::ffff:192.0.2.1", "/10\\..*/"});
  EXPECT_TRUE(matcher.Matches("2001:db8::1"));
  EXPECT_TRUE(matcher.Matches("192.0.2.1"));
  EXPECT_TRUE(matcher.Matches("10.1.2.3"));
  EXPECT_FALSE(matcher.Matches("110.1.2.3"));
}

TEST(HostMatcherTest, MatchesNothingWithoutPatterns) {
  const HostMatcher matcher;
  EXPECT_TRUE(matcher.empty());
  EXPECT_FALSE(matcher.Matches("example.com"));
  EXPECT_FALSE(Matcher({"/a/"}).empty());
  EXPECT_FALSE(Matcher({"*.a"}).empty());
}

TEST(HostMatcherTest, SaysWhatToWriteInstead) {
  const auto hint = [](std::string_view pattern) {
    const std::string error = ErrorOf(pattern);
    return error.substr(std::min(error.find("; ") + 2, error.size()));
  };
  EXPECT_EQ(
      ErrorOf("exa mple"),
      "'exa mple' is not a host pattern; write db.example.com, *.example.com, an IP address or "
      "/regular expression/");
  EXPECT_EQ(hint(""), "write a name; to match every host leave `hosts` out");
  EXPECT_EQ(hint("*"), "to match every host leave `hosts` out");
  EXPECT_EQ(hint("/db"), "end the regular expression with /");
  EXPECT_EQ(hint("/"), "end the regular expression with /");
  EXPECT_EQ(hint("https://a.test/"), "write the host name alone, without scheme and path");
  EXPECT_EQ(hint("10.0.0.0/8"), "a network goes into `networks`");
  EXPECT_EQ(
      hint("a.*.test"),
      "* stands only at the front, for whole labels: *.example.com; or write /regular expression/");
  EXPECT_EQ(hint("*a.test"), hint("a.*.test"));
  EXPECT_EQ(hint("*.*.test"), hint("a.*.test"));
  EXPECT_EQ(hint("a.test:443"), "a port goes into `ports`");
}

TEST(HostMatcherTest, RefusesRegularExpressionsThatAreBrokenEmptyOrTooLarge) {
  EXPECT_EQ(ErrorOf("/a(/"), "'/a(/' is not a regular expression of RE2: missing ): a(");
  EXPECT_EQ(ErrorOf("//"), "the regular expression // is empty and matches no host");
  EXPECT_FALSE(HostMatcher().Add("/((((a{100}){100}){100}){100})/").ok());
  EXPECT_FALSE(HostMatcher().Add("/(\\pL{500}){2}\\pL{900}/").ok());
}

}  // namespace
}  // namespace culvert::upstream
