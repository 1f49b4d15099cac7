#include "source/identity/users_provider.h"

#include <gtest/gtest.h>

namespace culvert::identity {
namespace {

class UsersProviderTest : public testing::Test {
 protected:
  UsersProviderTest() { provider_.Add("alice", "wonderland", {"ops", "staff"}); }

  CheckOutcome Verify(std::string_view user, std::string_view password) {
    return provider_.Verify(user, password, scratch_).outcome;
  }

  UsersProvider provider_{"demo"};
  HashScratch scratch_;
};

TEST_F(UsersProviderTest, TellsWhoAUserIs) {
  const CheckResult result = provider_.Verify("alice", "wonderland", scratch_);
  EXPECT_EQ(result.outcome, CheckOutcome::kOk);
  const Identity expected = {.name = "alice", .groups = {"ops", "staff"}, .provider = "demo"};
  EXPECT_EQ(result.identity, expected);
}

TEST_F(UsersProviderTest, RefusesWrongPasswordsOfAnyLength) {
  for (std::string_view wrong : {"", "w", "wonderlane", "wonderland1", "WONDERLAND"}) {
    EXPECT_EQ(Verify("alice", wrong), CheckOutcome::kWrongPassword) << wrong;
  }
  EXPECT_EQ(Verify("alice", std::string_view("wonderland\0", 11)), CheckOutcome::kWrongPassword);
}

TEST_F(UsersProviderTest, GivesNoIdentityForAFailure) {
  EXPECT_EQ(provider_.Verify("alice", "wrong", scratch_).identity, Identity());
}

TEST_F(UsersProviderTest, KnowsItsUsersAlone) {
  EXPECT_TRUE(provider_.Knows("alice"));
  EXPECT_FALSE(provider_.Knows("Alice"));
  EXPECT_EQ(Verify("Alice", "wonderland"), CheckOutcome::kUnknownUser);
  EXPECT_EQ(Verify("", ""), CheckOutcome::kUnknownUser);
}

TEST_F(UsersProviderTest, RefusesAUserTwice) {
  EXPECT_FALSE(provider_.Add("alice", "other", {}));
  EXPECT_EQ(Verify("alice", "wonderland"), CheckOutcome::kOk);
}

TEST_F(UsersProviderTest, HasAGenerationOfItsOwn) {
  EXPECT_NE(provider_.generation(), UsersProvider("demo").generation());
}

}  // namespace
}  // namespace culvert::identity
