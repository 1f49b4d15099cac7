#include "source/upstream/destination_policy.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/culvert/config/v1/policy.pb.h"

namespace culvert::upstream {
namespace {

using Verdict = Decision::Verdict;
using Reason = Decision::Reason;
using ::testing::HasSubstr;

constexpr Identity kNobody;

config::v1::DestinationPolicy Proto(const std::string& text) {
  config::v1::DestinationPolicy proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto)) << text;
  return proto;
}

DestinationPolicy Policy(const std::string& text) {
  std::vector<FieldError> errors;
  std::optional<DestinationPolicy> policy = DestinationPolicy::Compile(Proto(text), errors);
  for (const FieldError& error : errors) ADD_FAILURE() << error.path << ": " << error.message;
  return policy ? *std::move(policy) : DestinationPolicy();
}

std::vector<FieldError> ErrorsOf(const config::v1::DestinationPolicy& proto) {
  std::vector<FieldError> errors;
  EXPECT_FALSE(DestinationPolicy::Compile(proto, errors).has_value());
  return errors;
}

net::HostPort To(std::string_view text) { return *net::HostPort::Parse(text); }
net::IpAddress Ip(std::string_view text) { return *net::IpAddress::Parse(text); }

bool Allows(const DestinationPolicy& policy, std::string_view destination, std::string_view address,
            const Identity& identity = kNobody) {
  const Decision decision = policy.Check(To(destination), Ip(address), identity);
  EXPECT_EQ(policy.Allows(To(destination), Ip(address), identity),
            decision.verdict == Verdict::kAllowed);
  EXPECT_NE(decision.verdict, Verdict::kNeedsAddress);
  return decision.verdict == Verdict::kAllowed;
}

Verdict Before(const DestinationPolicy& policy, std::string_view destination,
               const Identity& identity = kNobody) {
  return policy.CheckBeforeResolving(To(destination), identity).verdict;
}

TEST(DestinationPolicyTest, WithoutAPolicyAllowsPort443OfPublicAddressesOnly) {
  const DestinationPolicy policy;
  EXPECT_TRUE(Allows(policy, "example.com:443", "8.8.8.8"));
  EXPECT_TRUE(Allows(policy, "example.com:443", "2001:4860::1"));
  EXPECT_FALSE(Allows(policy, "example.com:80", "8.8.8.8"));
  EXPECT_FALSE(Allows(policy, "example.com:443", "10.0.0.1"));
  EXPECT_EQ(Before(policy, "example.com:443"), Verdict::kNeedsAddress);
  EXPECT_EQ(Before(policy, "example.com:80"), Verdict::kDenied);
  EXPECT_EQ(Before(policy, "127.0.0.1:443"), Verdict::kDenied);
}

TEST(DestinationPolicyTest, WithoutRulesDeniesEverything) {
  const DestinationPolicy policy = Policy("");
  EXPECT_FALSE(Allows(policy, "example.com:443", "8.8.8.8"));
  EXPECT_EQ(Before(policy, "example.com:443"), Verdict::kDenied);
}

TEST(DestinationPolicyTest, TheFirstRuleThatMatchesDecides) {
  const DestinationPolicy policy = Policy(R"(
      rules { deny { hosts: "bad.example.com" } }
      rules { allow { hosts: "*.example.com" } }
      rules { deny { hosts: "late.example.com" } })");
  EXPECT_FALSE(Allows(policy, "bad.example.com:1", "8.8.8.8"));
  EXPECT_TRUE(Allows(policy, "good.example.com:1", "8.8.8.8"));
  EXPECT_TRUE(Allows(policy, "late.example.com:1", "8.8.8.8"));
  EXPECT_FALSE(Allows(policy, "example.com:1", "8.8.8.8"));
}

TEST(DestinationPolicyTest, AndsTheFieldsAndOrsTheirEntries) {
  const DestinationPolicy policy = Policy(R"(
      rules { allow { hosts: "a.test" hosts: "b.test" ports: "443" ports: "8000-8999"
                      networks: "192.0.2.0/24" networks: "2001:db8::/32"
                      users: "alice" users: "bob" groups: "ops" groups: "dev" } })");
  const std::vector<std::string> dev = {"other", "dev"};
  const std::vector<std::string> other = {"other"};
  EXPECT_TRUE(Allows(policy, "a.test:443", "192.0.2.1", {"alice", dev}));
  EXPECT_TRUE(Allows(policy, "b.test:8500", "2001:db8::1", {"bob", dev}));
  EXPECT_FALSE(Allows(policy, "c.test:443", "192.0.2.1", {"alice", dev}));
  EXPECT_FALSE(Allows(policy, "a.test:9000", "192.0.2.1", {"alice", dev}));
  EXPECT_FALSE(Allows(policy, "a.test:443", "192.0.3.1", {"alice", dev}));
  EXPECT_FALSE(Allows(policy, "a.test:443", "192.0.2.1", {"carol", dev}));
  EXPECT_FALSE(Allows(policy, "a.test:443", "192.0.2.1", {"alice", other}));
  EXPECT_FALSE(Allows(policy, "a.test:443", "192.0.2.1", {"alice", {}}));
}

TEST(DestinationPolicyTest, RulesWithUsersOrGroupsDoNotMatchNobody) {
  const DestinationPolicy policy = Policy(R"(
      rules { deny { users: "alice" } } rules { deny { groups: "ops" } } default: ALLOW)");
  EXPECT_TRUE(Allows(policy, "a.test:443", "8.8.8.8", kNobody));
  EXPECT_FALSE(Allows(policy, "a.test:443", "8.8.8.8", {"alice", {}}));
  EXPECT_TRUE(Allows(policy, "a.test:443", "8.8.8.8", {"Alice", {}}));
}

TEST(DestinationPolicyTest, RefusesEveryClassOfNonPublicAddressThatNoNetworkNames) {
  const DestinationPolicy policy = Policy(R"(rules { allow {} } default: ALLOW)");
  for (const char* address :
       {"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "fc00::1", "fe80::1", "ff02::1",
        "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"}) {
    EXPECT_FALSE(Allows(policy, "a.test:443", address)) << address;
    EXPECT_EQ(policy.Check(To("a.test:443"), Ip(address), kNobody),
              (Decision{Verdict::kDenied, Reason::kNotPublic, 0}));
  }
  EXPECT_TRUE(Allows(policy, "a.test:443", "8.8.8.8"));
}

TEST(DestinationPolicyTest, AllowsNonPublicAddressesThatTheRuleNames) {
  const DestinationPolicy policy = Policy(R"(rules { allow { networks: "127.0.0.0/8" } })");
  EXPECT_TRUE(Allows(policy, "a.test:80", "127.0.0.1"));
  EXPECT_TRUE(Allows(policy, "a.test:80", "::ffff:127.0.0.1"));
  EXPECT_FALSE(Allows(policy, "a.test:80", "::1"));
  EXPECT_FALSE(Allows(policy, "a.test:80", "8.8.8.8"));
  EXPECT_FALSE(Allows(policy, "a.test:80", "64:ff9b::7f00:1"));
}

TEST(DestinationPolicyTest, ALaterRuleMayNameTheNonPublicAddressThatAnEarlierOneDidNot) {
  const DestinationPolicy policy = Policy(R"(
      rules { allow { hosts: "*.example.com" } }
      rules { allow { networks: "10.0.0.0/8" ports: "443" } })");
  EXPECT_TRUE(Allows(policy, "a.example.com:443", "10.0.0.1"));
  EXPECT_FALSE(Allows(policy, "a.example.com:80", "10.0.0.1"));
  EXPECT_TRUE(Allows(policy, "a.example.com:80", "8.8.8.8"));
}

TEST(DestinationPolicyTest, ADenyOfNetworksLeavesOtherAddressesToLaterRules) {
  const DestinationPolicy policy = Policy(R"(
      rules { deny { networks: "8.8.8.0/24" networks: "2001:4860::/32" } }
      rules { allow { hosts: "*.test" } })");
  EXPECT_EQ(Before(policy, "a.test:443"), Verdict::kNeedsAddress);
  EXPECT_FALSE(Allows(policy, "a.test:443", "8.8.8.8"));
  EXPECT_FALSE(Allows(policy, "a.test:443", "2001:4860::1"));
  EXPECT_TRUE(Allows(policy, "a.test:443", "8.8.4.4"));
  EXPECT_EQ(Before(policy, "a.example:443"), Verdict::kDenied);
}

TEST(DestinationPolicyTest, ADenyOfNetworksIsNotWalkedAroundByTranslation) {
  const DestinationPolicy policy = Policy(R"(
      rules { deny { networks: "8.8.8.0/24" } } rules { allow {} })");
  EXPECT_FALSE(Allows(policy, "a.test:443", "::ffff:8.8.8.8"));
  EXPECT_FALSE(Allows(policy, "a.test:443", "64:ff9b::808:808"));
  EXPECT_FALSE(Allows(policy, "a.test:443", "2002:808:808::1"));
  EXPECT_TRUE(Allows(policy, "a.test:443", "64:ff9b::808:404"));
}

TEST(DestinationPolicyTest, ADefaultThatAllowsMeansPublicAddresses) {
  const DestinationPolicy policy = Policy(R"(rules { deny { ports: "25" } } default: ALLOW)");
  EXPECT_TRUE(Allows(policy, "a.test:443", "8.8.8.8"));
  EXPECT_FALSE(Allows(policy, "a.test:25", "8.8.8.8"));
  EXPECT_FALSE(Allows(policy, "a.test:443", "10.0.0.1"));
}

TEST(DestinationPolicyTest, DecidesForAddressesAsDestinationsBeforeResolving) {
  const DestinationPolicy policy = Policy(R"(
      rules { allow { hosts: "10.1.1.1" networks: "10.0.0.0/8" } }
      rules { deny { networks: "8.8.8.8" } }
      rules { allow { hosts: "/8\\.8\\..*/" hosts: "2001:4860::8" } })");
  EXPECT_EQ(Before(policy, "10.1.1.1:80"), Verdict::kNeedsAddress);
  EXPECT_EQ(Before(policy, "[::ffff:10.1.1.1]:80"), Verdict::kNeedsAddress);
  EXPECT_EQ(Before(policy, "10.1.1.2:80"), Verdict::kDenied);
  EXPECT_EQ(Before(policy, "8.8.8.8:80"), Verdict::kDenied);
  EXPECT_EQ(Before(policy, "8.8.4.4:80"), Verdict::kNeedsAddress);
  EXPECT_EQ(Before(policy, "[2001:4860:0::8]:80"), Verdict::kNeedsAddress);
}

TEST(DestinationPolicyTest, DeniesBeforeResolvingWhatTheIdentityMayNotReach) {
  const DestinationPolicy policy = Policy(R"(rules { allow { users: "alice" } })");
  EXPECT_EQ(Before(policy, "a.test:443", {"alice", {}}), Verdict::kNeedsAddress);
  EXPECT_EQ(Before(policy, "a.test:443", {"bob", {}}), Verdict::kDenied);
  EXPECT_EQ(Before(policy, "a.test:443"), Verdict::kDenied);
}

TEST(DestinationPolicyTest, WithoutAnAddressAllowsByNameAloneAndDeniesWhatItCannotSee) {
  const DestinationPolicy policy = Policy(R"(
      rules { allow { hosts: "early.test" } }
      rules { allow { hosts: "inner.test" networks: "10.0.0.0/8" } }
      rules { deny { hosts: "*.seen.test" networks: "10.0.0.0/8" } }
      rules { allow { hosts: "*.seen.test" hosts: "8.8.8.8" hosts: "10.0.0.1" } })");
  const auto check = [&policy](std::string_view destination) {
    return policy.CheckWithoutAddress(To(destination), kNobody);
  };
  EXPECT_EQ(check("early.test:1"), (Decision{Verdict::kAllowed, Reason::kMatched, 0}));
  EXPECT_EQ(check("inner.test:1").verdict, Verdict::kDenied);
  EXPECT_EQ(check("a.seen.test:1"), (Decision{Verdict::kDenied, Reason::kAddressUnknown, 2}));
  EXPECT_EQ(check("8.8.8.8:1").verdict, Verdict::kAllowed);
  EXPECT_EQ(check("10.0.0.1:1").verdict, Verdict::kDenied);
}

TEST(DestinationPolicyTest, TellsTheLogWhichRuleDecided) {
  const DestinationPolicy policy = Policy(R"(
      rules { deny { hosts: "no.test" } } rules { allow { hosts: "*.test" } })");
  const auto log = [&policy](std::string_view destination, std::string_view address) {
    return policy.Check(To(destination), Ip(address), kNobody).ToString();
  };
  EXPECT_EQ(log("no.test:1", "8.8.8.8"), "denied by rules[0]");
  EXPECT_EQ(log("yes.test:1", "8.8.8.8"), "allowed by rules[1]");
  EXPECT_EQ(log("a.example:1", "8.8.8.8"), "denied by default");
  EXPECT_EQ(log("yes.test:1", "10.0.0.1"),
            "denied: rules[1] allows public addresses only, and no rule's networks name this one");
  EXPECT_EQ(policy.CheckBeforeResolving(To("no.test:1"), kNobody).ToString(), "denied by rules[0]");
  EXPECT_EQ(policy.CheckBeforeResolving(To("yes.test:1"), kNobody).ToString(),
            "rules[1] waits for the address");
  const DestinationPolicy networks =
      Policy(R"(rules { deny { networks: "10.0.0.0/8" } } default: ALLOW)");
  EXPECT_EQ(networks.CheckWithoutAddress(To("a.test:1"), kNobody).ToString(),
            "denied: rules[0] denies networks, and the address is not known here");
}

TEST(DestinationPolicyTest, ReportsEveryErrorWithItsPath) {
  const auto errors = ErrorsOf(Proto(R"(
      rules { allow { hosts: "ok.test" hosts: "*" ports: "http" networks: "10.0.0.1/8" } }
      rules {}
      rules { deny { hosts: "/(/" ports: "443" ports: "0" networks: "example.com"
                     users: "" groups: "ops" groups: "" } })"));
  std::vector<std::string> paths;
  for (const FieldError& error : errors) paths.push_back(error.path);
  EXPECT_EQ(paths,
            (std::vector<std::string>{
                "rules[0].allow.hosts[1]", "rules[0].allow.ports[0]", "rules[0].allow.networks[0]",
                "rules[1]", "rules[2].deny.hosts[0]", "rules[2].deny.ports[1]",
                "rules[2].deny.networks[0]", "rules[2].deny.users[0]", "rules[2].deny.groups[1]"}));
  ASSERT_EQ(errors.size(), 9);
  EXPECT_THAT(errors[2].message, HasSubstr("write 10.0.0.0/8"));
  EXPECT_EQ(errors[3].message, "the rule is empty; write allow: {...} or deny: {...}");
}

TEST(DestinationPolicyTest, RefusesADefaultThatIsNoVerdict) {
  config::v1::DestinationPolicy proto;
  proto.set_default_(static_cast<config::v1::Verdict>(7));
  EXPECT_EQ(ErrorsOf(proto),
            (std::vector<FieldError>{{"default", "7 is no verdict; write DENY or ALLOW"}}));
}

TEST(DestinationPolicyTest, KeepsErrorsThatOthersHaveReported) {
  std::vector<FieldError> errors = {{"other", "wrong"}};
  EXPECT_TRUE(DestinationPolicy::Compile(Proto(""), errors).has_value());
  EXPECT_EQ(errors.size(), 1);
}

}  // namespace
}  // namespace culvert::upstream
