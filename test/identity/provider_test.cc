#include "source/identity/provider.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "test/identity/fake_provider.h"

namespace culvert::identity {
namespace {

class VerifyWithProvidersTest : public testing::Test {
 protected:
  CheckResult Verify(std::vector<IdentityProviderPtr> providers, std::string_view user,
                     std::string_view password) {
    return VerifyWithProviders(providers, user, password, scratch_);
  }

  std::shared_ptr<FakeProvider> slow_ =
      std::make_shared<FakeProvider>("slow", "alice", "wonderland", false);
  std::shared_ptr<FakeProvider> other_slow_ =
      std::make_shared<FakeProvider>("other_slow", "alice", "looking-glass", false);
  std::shared_ptr<FakeProvider> fast_ =
      std::make_shared<FakeProvider>("fast", "bob", "builder", true);
  HashScratch scratch_;
};

TEST_F(VerifyWithProvidersTest, FindsTheUserInAnyOfThem) {
  const CheckResult result = Verify({slow_, fast_}, "bob", "builder");
  EXPECT_EQ(result.outcome, CheckOutcome::kOk);
  EXPECT_EQ(result.identity.name, "bob");
  EXPECT_EQ(result.identity.provider, "fast");
}

TEST_F(VerifyWithProvidersTest, LetsTheFirstThatKnowsTheUserDecide) {
  EXPECT_EQ(Verify({slow_, other_slow_}, "alice", "looking-glass").outcome,
            CheckOutcome::kWrongPassword);
  EXPECT_EQ(Verify({other_slow_, slow_}, "alice", "looking-glass").outcome, CheckOutcome::kOk);
}

TEST_F(VerifyWithProvidersTest, CostsOneSlowCheckForEveryFailure) {
  EXPECT_EQ(Verify({fast_, slow_, other_slow_}, "alice", "wrong").outcome,
            CheckOutcome::kWrongPassword);
  EXPECT_EQ(slow_->checks + other_slow_->checks, 1);
  EXPECT_EQ(Verify({fast_, slow_, other_slow_}, "bob", "wrong").outcome,
            CheckOutcome::kWrongPassword);
  EXPECT_EQ(slow_->checks + other_slow_->checks, 2);
  EXPECT_EQ(Verify({fast_, slow_, other_slow_}, "nobody", "wrong").outcome,
            CheckOutcome::kUnknownUser);
  EXPECT_EQ(slow_->checks + other_slow_->checks, 3);
}

TEST_F(VerifyWithProvidersTest, CostsNoSlowCheckForASuccessOfAFastOne) {
  EXPECT_EQ(Verify({fast_, slow_}, "bob", "builder").outcome, CheckOutcome::kOk);
  EXPECT_EQ(slow_->checks, 0);
}

TEST_F(VerifyWithProvidersTest, ChecksAnUnknownUserWhenAllAreFast) {
  EXPECT_EQ(Verify({fast_}, "nobody", "x").outcome, CheckOutcome::kUnknownUser);
  EXPECT_EQ(fast_->checks, 1);
}

TEST_F(VerifyWithProvidersTest, KnowsNobodyWithoutProviders) {
  EXPECT_EQ(Verify({}, "alice", "wonderland").outcome, CheckOutcome::kUnknownUser);
}

TEST_F(VerifyWithProvidersTest, IsForTheEventLoopOnlyIfAllAreFast) {
  EXPECT_TRUE(AllFast(std::vector<IdentityProviderPtr>{fast_}));
  EXPECT_FALSE(AllFast(std::vector<IdentityProviderPtr>{fast_, slow_}));
}

}  // namespace
}  // namespace culvert::identity
