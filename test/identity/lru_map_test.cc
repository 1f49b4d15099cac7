#include "source/identity/lru_map.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert::identity {
namespace {

TEST(LruMapTest, MakesAndFindsEntries) {
  LruMap<int, std::string> map(2);
  EXPECT_EQ(map.Find(1), nullptr);
  EXPECT_EQ(map.Touch(1), "");
  map.Touch(1) = "one";
  EXPECT_EQ(*map.Find(1), "one");
  EXPECT_EQ(map.size(), 1u);
}

TEST(LruMapTest, DropsWhatWasNotTouchedForLongest) {
  LruMap<int, std::string> map(2);
  map.Touch(1) = "one";
  map.Touch(2) = "two";
  map.Touch(1);
  // Looking does not count.
  map.Find(2);
  map.Touch(3) = "three";
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(*map.Find(1), "one");
  EXPECT_EQ(map.Find(2), nullptr);
  EXPECT_EQ(*map.Find(3), "three");
}

TEST(LruMapTest, ErasesAnEntry) {
  LruMap<int, std::string> map(2);
  map.Touch(1) = "one";
  map.Erase(1);
  map.Erase(7);
  EXPECT_EQ(map.size(), 0u);
  EXPECT_EQ(map.Touch(1), "");
}

}  // namespace
}  // namespace culvert::identity
