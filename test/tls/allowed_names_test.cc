#include "source/tls/allowed_names.h"

#include <gtest/gtest.h>

namespace culvert::tls {
namespace {

bool Allows(const std::string& allowed, const AlternativeNames& names) {
  return AllowedNames({allowed}).Match(names);
}

TEST(AllowedNamesTest, ComparesDnsNamesLikeHostNames) {
  const AlternativeNames names{.dns = {"other.test", "w1.workers.test"}};
  EXPECT_TRUE(Allows("w1.workers.test", names));
  EXPECT_TRUE(Allows("W1.Workers.TEST", names));
  EXPECT_TRUE(Allows("*.workers.test", names));
  EXPECT_FALSE(Allows("*.test", {.dns = {"w1.workers.test"}}));
  EXPECT_FALSE(Allows("*.w1.workers.test", names));
  EXPECT_FALSE(Allows("workers.test", names));
}

TEST(AllowedNamesTest, AWildcardOfTheCertificateIsNoWildcard) {
  const AlternativeNames names{.dns = {"*.workers.test"}};
  EXPECT_FALSE(Allows("w1.workers.test", names));
  EXPECT_TRUE(Allows("*.workers.test", names));
}

TEST(AllowedNamesTest, ComparesAddressesByValue) {
  const AlternativeNames names{.ip = {"10.0.0.7", "2001:db8::1"}};
  EXPECT_TRUE(Allows("10.0.0.7", names));
  EXPECT_TRUE(Allows("2001:DB8:0::1", names));
  EXPECT_FALSE(Allows("10.0.0.8", names));
}

TEST(AllowedNamesTest, AnAddressIsNoDnsName) {
  EXPECT_FALSE(Allows("10.0.0.7", {.dns = {"10.0.0.7"}}));
  EXPECT_FALSE(Allows("a.test", {.ip = {"a.test"}}));
}

TEST(AllowedNamesTest, ComparesUrisAndMailAddressesToTheLetter) {
  const AlternativeNames names{.uri = {"spiffe://test/app"}, .email = {"ops@a.test"}};
  EXPECT_TRUE(Allows("spiffe://test/app", names));
  EXPECT_FALSE(Allows("spiffe://test/application", names));
  EXPECT_FALSE(Allows("spiffe://test/App", names));
  EXPECT_TRUE(Allows("ops@a.test", names));
  EXPECT_FALSE(Allows("Ops@a.test", names));
}

TEST(AllowedNamesTest, OneOfManyIsEnough) {
  const AllowedNames allowed({"a.test", "b.test"});
  EXPECT_TRUE(allowed.Match({.dns = {"c.test", "b.test"}}));
  EXPECT_FALSE(allowed.Match({.dns = {"c.test"}}));
  EXPECT_FALSE(allowed.Match({}));
}

TEST(AllowedNamesTest, NoNamesAreEmptyAndMatchNobody) {
  EXPECT_TRUE(AllowedNames().empty());
  EXPECT_FALSE(AllowedNames().Match({.dns = {"a.test"}}));
}

}  // namespace
}  // namespace culvert::tls
