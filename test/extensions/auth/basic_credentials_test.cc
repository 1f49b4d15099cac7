#include "extensions/auth/basic_credentials.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "source/base/base64.h"

namespace culvert::extensions::auth {
namespace {

using namespace std::string_view_literals;

std::string Basic(std::string_view text) { return "Basic " + Base64Encode(text); }

// `user|password`, or `none`.
std::string Parsed(std::string_view field_value) {
  const auto credentials = BasicCredentials::Parse(field_value);
  if (!credentials) return "none";
  return std::string(credentials->user()) + "|" + std::string(credentials->password());
}

TEST(BasicCredentialsTest, ReadsUserAndPassword) {
  // The examples of RFC 7617, 2 and 2.1.
  EXPECT_EQ(Parsed("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
  EXPECT_EQ(Parsed("Basic dGVzdDoxMjPCow=="), "test|123\u00a3");
}

TEST(BasicCredentialsTest, SchemeIsKnownInAnyCaseAndMayBeFollowedBySpaces) {
  EXPECT_EQ(Parsed("bAsIc " + Base64Encode("a:b")), "a|b");
  EXPECT_EQ(Parsed("Basic    " + Base64Encode("a:b")), "a|b");
}

TEST(BasicCredentialsTest, PasswordMayBeEmptyOrHoldColons) {
  EXPECT_EQ(Parsed(Basic("alice:")), "alice|");
  EXPECT_EQ(Parsed(Basic("alice:a:b:")), "alice|a:b:");
}

TEST(BasicCredentialsTest, OtherSchemesAreNone) {
  for (const char* value : {"Bearer YTpi", "Digest username=alice", "Basicx YTpi", "YTpi", ""}) {
    EXPECT_EQ(Parsed(value), "none") << value;
  }
}

TEST(BasicCredentialsTest, OnlyStrictBase64IsRead) {
  for (const char* value :
       {"Basic", "Basic ", "Basic !!!", "Basic YTpi\tYTpi", "Basic YTpi YTpi", "Basic YTpiYw",
        "Basic YTpiYw=", "Basic YTpiYx==", "Basic YTp_", "Basic YTpi,"}) {
    EXPECT_EQ(Parsed(value), "none") << value;
  }
}

TEST(BasicCredentialsTest, ColonAndUserAreRequired) {
  EXPECT_EQ(Parsed(Basic("alice")), "none");
  EXPECT_EQ(Parsed(Basic(":password")), "none");
}

TEST(BasicCredentialsTest, ControlCharactersAreRefused) {
  for (const auto text : {"ali\0ce:b"sv, "alice:b\0"sv, "alice:b\n"sv, "a\x1b:b"sv, "a:\x7f"sv}) {
    EXPECT_EQ(Parsed(Basic(text)), "none");
  }
}

TEST(BasicCredentialsTest, LengthIsBounded) {
  EXPECT_NE(Parsed(Basic("a:" + std::string(kMaxCredentialsSize - 2, 'b'))), "none");
  EXPECT_EQ(Parsed(Basic("a:" + std::string(kMaxCredentialsSize - 1, 'b'))), "none");
  EXPECT_EQ(Parsed("Basic " + std::string(100'000, 'A')), "none");
}

TEST(BasicChallengeTest, NamesRealmAndCharset) {
  EXPECT_EQ(BasicChallenge("the realm"), R"(Basic realm="the realm", charset="UTF-8")");
}

TEST(BasicChallengeTest, RealmCannotEndItsQuotes) {
  EXPECT_EQ(BasicChallenge(R"(a" b\)"), R"(Basic realm="a\" b\\", charset="UTF-8")");
}

}  // namespace
}  // namespace culvert::extensions::auth
