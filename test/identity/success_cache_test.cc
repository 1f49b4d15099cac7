#include "source/identity/success_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "test/identity/fake_provider.h"

namespace culvert::identity {
namespace {

using std::chrono::seconds;

class SuccessCacheTest : public testing::Test {
 protected:
  CredentialKey Key(std::string_view user, std::string_view password) {
    return MakeCredentialKey(hash_, providers_, user, password);
  }

  static constexpr seconds kTtl{60};
  const KeyedHash hash_ = KeyedHash::Random();
  std::shared_ptr<FakeProvider> provider_ =
      std::make_shared<FakeProvider>("staff", "alice", "wonderland", false);
  std::vector<IdentityProviderPtr> providers_ = {provider_};
  const Identity alice_ = {.name = "alice", .groups = {"ops"}, .provider = "staff"};
  SuccessCache::TimePoint now_{seconds(1000)};
  SuccessCache cache_{3};
};

TEST_F(SuccessCacheTest, RemembersASuccess) {
  cache_.Insert(Key("alice", "wonderland"), alice_, now_);
  const Identity* found = cache_.Find(Key("alice", "wonderland"), now_ + seconds(59), kTtl);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(*found, alice_);
}

TEST_F(SuccessCacheTest, KnowsTheExactCredentialsAlone) {
  cache_.Insert(Key("alice", "wonderland"), alice_, now_);
  EXPECT_EQ(cache_.Find(Key("alice", "wonderlanD"), now_, kTtl), nullptr);
  EXPECT_EQ(cache_.Find(Key("alicew", "onderland"), now_, kTtl), nullptr);
  EXPECT_EQ(cache_.Find(Key("bob", "wonderland"), now_, kTtl), nullptr);
}

TEST_F(SuccessCacheTest, ForgetsAfterTheTimeThatTheLookupAllows) {
  cache_.Insert(Key("alice", "wonderland"), alice_, now_);
  EXPECT_EQ(cache_.Find(Key("alice", "wonderland"), now_ + seconds(60), kTtl), nullptr);
  EXPECT_EQ(cache_.Find(Key("alice", "wonderland"), now_ + seconds(10), seconds(10)), nullptr);
  EXPECT_EQ(cache_.Find(Key("alice", "wonderland"), now_, seconds(0)), nullptr);
  EXPECT_NE(cache_.Find(Key("alice", "wonderland"), now_ + seconds(10), kTtl), nullptr);
}

TEST_F(SuccessCacheTest, DoesNotProlongByUse) {
  cache_.Insert(Key("alice", "wonderland"), alice_, now_);
  EXPECT_NE(cache_.Find(Key("alice", "wonderland"), now_ + seconds(50), kTtl), nullptr);
  EXPECT_EQ(cache_.Find(Key("alice", "wonderland"), now_ + seconds(61), kTtl), nullptr);
}

TEST_F(SuccessCacheTest, ForgetsWhenTheUsersChange) {
  cache_.Insert(Key("alice", "wonderland"), alice_, now_);
  ++provider_->generation_now;
  EXPECT_EQ(cache_.Find(Key("alice", "wonderland"), now_, kTtl), nullptr);
}

TEST_F(SuccessCacheTest, FilesASuccessUnderTheUsersItWasCheckedAgainst) {
  const CredentialKey before = Key("alice", "wonderland");
  ++provider_->generation_now;
  cache_.Insert(before, alice_, now_);
  EXPECT_EQ(cache_.Find(Key("alice", "wonderland"), now_, kTtl), nullptr);
}

TEST_F(SuccessCacheTest, TellsListsOfProvidersApart) {
  cache_.Insert(Key("alice", "wonderland"), alice_, now_);
  auto other = std::make_shared<FakeProvider>("other", "alice", "wonderland", false);
  other->generation_now = 2;
  providers_.push_back(other);
  EXPECT_EQ(cache_.Find(Key("alice", "wonderland"), now_, kTtl), nullptr);
}

TEST_F(SuccessCacheTest, IsBoundedAndDropsWhatWasNotUsedForLongest) {
  cache_.Insert(Key("a", "x"), {.name = "a", .groups = {}, .provider = ""}, now_);
  cache_.Insert(Key("b", "x"), {.name = "b", .groups = {}, .provider = ""}, now_);
  cache_.Insert(Key("c", "x"), {.name = "c", .groups = {}, .provider = ""}, now_);
  EXPECT_NE(cache_.Find(Key("a", "x"), now_, kTtl), nullptr);
  cache_.Insert(Key("d", "x"), {.name = "d", .groups = {}, .provider = ""}, now_);
  EXPECT_EQ(cache_.size(), 3u);
  EXPECT_NE(cache_.Find(Key("a", "x"), now_, kTtl), nullptr);
  EXPECT_EQ(cache_.Find(Key("b", "x"), now_, kTtl), nullptr);
}

TEST_F(SuccessCacheTest, UsesAnotherKeyInEachProcess) {
  EXPECT_NE(MakeCredentialKey(KeyedHash::Random(), providers_, "alice", "wonderland"),
            Key("alice", "wonderland"));
}

}  // namespace
}  // namespace culvert::identity
