#include "source/identity/keyed_hash.h"

#include <gtest/gtest.h>

namespace culvert::identity {
namespace {

TEST(KeyedHashTest, IsTheSameForTheSameKeyAndText) {
  const KeyedHash hash = KeyedHash::Random();
  const KeyedHash copy = hash;
  EXPECT_EQ(hash.Of("text"), copy.Of("text"));
  EXPECT_EQ(hash.NumberOf("text"), copy.NumberOf("text"));
}

TEST(KeyedHashTest, DiffersForAnotherKeyOrText) {
  const KeyedHash hash = KeyedHash::Random();
  EXPECT_NE(hash.Of("text"), KeyedHash::Random().Of("text"));
  EXPECT_NE(hash.Of("text"), hash.Of("texu"));
  EXPECT_NE(hash.NumberOf("text"), hash.NumberOf("texu"));
}

TEST(KeyedHashTest, HashesAListAndNotItsConcatenation) {
  const KeyedHash hash = KeyedHash::Random();
  const std::string_view one[] = {"ab", "c"};
  const std::string_view other[] = {"a", "bc"};
  const std::string_view longer[] = {"ab", "c", ""};
  EXPECT_NE(hash.Of(one), hash.Of(other));
  EXPECT_NE(hash.Of(one), hash.Of(longer));
  EXPECT_NE(hash.Of(one), hash.Of("abc"));
}

TEST(KeyedHashTest, DrawsNumbersThatDiffer) { EXPECT_NE(RandomNumber(), RandomNumber()); }

}  // namespace
}  // namespace culvert::identity
