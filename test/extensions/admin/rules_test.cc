#include "extensions/admin/rules.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace culvert::extensions::admin {
namespace {

using filter::AdminRole;
using Strings = std::vector<std::string>;

// `CN=alice as read-write`, or `nobody`.
std::string Find(const Rules& rules, std::string_view subject, const Strings& names) {
  const auto caller = rules.Find(subject, names);
  if (!caller) return "nobody";
  return caller->name +
         (caller->role == AdminRole::kReadWrite ? " as read-write" : " as read-only");
}

// Whether a rule with that name takes a certificate with this one.
bool Takes(const std::string& allowed, const std::string& name) {
  return Rules({{.names = {allowed}, .subjects = {}}}, {}).Find("", Strings{name}).has_value();
}

TEST(AdminRulesTest, NameIsTakenToTheLetter) {
  EXPECT_TRUE(Takes("alice.example.com", "alice.example.com"));
  EXPECT_TRUE(Takes("spiffe://example.com/deployer", "spiffe://example.com/deployer"));
  EXPECT_TRUE(Takes("alice@example.com", "alice@example.com"));
  EXPECT_FALSE(Takes("alice.example.com", "malice.example.com"));
  EXPECT_FALSE(Takes("alice.example.com", "alice.example.com.evil.org"));
  EXPECT_FALSE(Takes("spiffe://example.com/deployer", "spiffe://example.com/deployer2"));
  EXPECT_FALSE(Takes("spiffe://example.com/deployer", "spiffe://example.com/Deployer"));
  EXPECT_FALSE(Takes("alice@example.com", "Alice@example.com"));
  EXPECT_FALSE(Takes("alice.example.com", std::string("alice.example.com\0.evil.org", 27)));
}

TEST(AdminRulesTest, DnsNameIsTakenWithoutCase) {
  EXPECT_TRUE(Takes("Alice.Example.com", "alice.example.com"));
  EXPECT_TRUE(Takes("*.Example.com", "alice.example.com"));
}

TEST(AdminRulesTest, WildcardStandsForOneLabel) {
  EXPECT_TRUE(Takes("*.ops.example.com", "alice.ops.example.com"));
  EXPECT_FALSE(Takes("*.ops.example.com", "ops.example.com"));
  EXPECT_FALSE(Takes("*.ops.example.com", ".ops.example.com"));
  EXPECT_FALSE(Takes("*.ops.example.com", "a.b.ops.example.com"));
  EXPECT_FALSE(Takes("*.ops.example.com", "alice.dev.example.com"));
}

TEST(AdminRulesTest, WildcardTakesNoOtherKindOfName) {
  EXPECT_FALSE(Takes("*.example.com", "mallory@x.example.com"));
  EXPECT_FALSE(Takes("*.example.com", "spiffe://x.example.com"));
  EXPECT_FALSE(Takes("*.example.com", "*.example.com"));
  EXPECT_FALSE(Takes("*.example.com", std::string("a\0b.example.com", 15)));
}

TEST(AdminRulesTest, SubjectIsTakenToTheLetter) {
  const Rules rules({{.names = {}, .subjects = {"CN=alice,O=Example", "CN=bob"}}}, {});
  EXPECT_EQ(Find(rules, "CN=alice,O=Example", {}), "CN=alice,O=Example as read-write");
  EXPECT_EQ(Find(rules, "CN=bob", {"b.example.com"}), "CN=bob as read-write");
  EXPECT_EQ(Find(rules, "CN=alice", {}), "nobody");
  EXPECT_EQ(Find(rules, "CN=alice,O=Example,C=XX", {}), "nobody");
  EXPECT_EQ(Find(rules, "cn=bob", {}), "nobody");
  EXPECT_EQ(Find(rules, "", {"CN=bob"}), "nobody");
}

TEST(AdminRulesTest, NameInTheSubjectIsNoAlternativeName) {
  const Rules rules({{.names = {"alice.example.com"}, .subjects = {}}}, {});
  EXPECT_EQ(Find(rules, "CN=alice.example.com", {}), "nobody");
  EXPECT_EQ(Find(rules, "alice.example.com", {}), "nobody");
}

TEST(AdminRulesTest, RuleWithNamesAndSubjectsWantsBoth) {
  const Rules rules({{.names = {"*.ops.example.com"}, .subjects = {"O=Example"}}}, {});
  EXPECT_EQ(Find(rules, "O=Example", {"a.ops.example.com"}), "O=Example as read-write");
  EXPECT_EQ(Find(rules, "O=Example", {"a.example.com"}), "nobody");
  EXPECT_EQ(Find(rules, "O=Other", {"a.ops.example.com"}), "nobody");
}

TEST(AdminRulesTest, CallerIsNamedByWhatTheRuleTook) {
  const Rules rules({{.names = {"*.ops.example.com"}, .subjects = {}}}, {});
  EXPECT_EQ(Find(rules, "CN=anything", {"a.example.com", "bob.ops.example.com"}),
            "bob.ops.example.com as read-write");
}

TEST(AdminRulesTest, ReadWriteComesBeforeReadOnly) {
  const Rules rules({{.names = {"alice.example.com"}, .subjects = {}}},
                    {{.names = {"*.example.com"}, .subjects = {}}});
  EXPECT_EQ(Find(rules, "", {"bob.example.com", "alice.example.com"}),
            "alice.example.com as read-write");
  EXPECT_EQ(Find(rules, "", {"bob.example.com"}), "bob.example.com as read-only");
}

TEST(AdminRulesTest, EachRuleOfAListCounts) {
  const Rules rules({}, {{.names = {"a.example.com"}, .subjects = {}},
                         {.names = {"b.example.com", "c.example.com"}, .subjects = {}}});
  EXPECT_EQ(Find(rules, "", {"c.example.com"}), "c.example.com as read-only");
  EXPECT_EQ(Find(rules, "", {"d.example.com"}), "nobody");
}

TEST(AdminRulesTest, WithoutRulesAndInEmptyOnesThereIsNobody) {
  EXPECT_EQ(Find(Rules({}, {}), "CN=alice", {"alice.example.com"}), "nobody");
  EXPECT_EQ(Find(Rules({Rule()}, {Rule()}), "CN=alice", {"alice.example.com"}), "nobody");
  EXPECT_EQ(Find(Rules({Rule()}, {Rule()}), "", {}), "nobody");
}

TEST(AdminRulesTest, NamesThatNoCertificateHasAreProblems) {
  for (const char* good :
       {"alice.example.com", "*.ops.example.com", "localhost", "spiffe://example.com/a",
        "alice@example.com", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"}) {
    EXPECT_EQ(NameProblem(good), std::nullopt) << good;
  }
  for (const char* bad : {"", "*", "*.", "*.*.example.com", "a.*.example.com", "*@example.com",
                          "spiffe://*/a", "**.example.com", "10.0.0.7", "2001:db8::1", "CN=alice",
                          "alice example", "*.CN=alice", "a..example.com"}) {
    EXPECT_NE(NameProblem(bad), std::nullopt) << bad;
  }
}

TEST(AdminRulesTest, SubjectsThatNoCertificateHasAreProblems) {
  EXPECT_EQ(SubjectProblem("CN=alice,O=Example Company"), std::nullopt);
  for (const char* bad : {"", "alice", "CN=alice, O=Example"}) {
    EXPECT_NE(SubjectProblem(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace culvert::extensions::admin
