#include "source/config/suggestion.h"

#include <vector>

#include "gtest/gtest.h"

namespace culvert::config {
namespace {

const std::vector<std::string> kNames = {"policy", "idle_timeout", "connect_timeout", "cluster"};

TEST(SuggestionTest, FindsTheNearestName) {
  EXPECT_EQ(Suggest("polcy", kNames), "policy");
  EXPECT_EQ(Suggest("plicyo", kNames), "policy");
  EXPECT_EQ(Suggest("clutser", kNames), "cluster");
  EXPECT_EQ(Suggest("conect_timeout", kNames), "connect_timeout");
}

TEST(SuggestionTest, SpellingOfWordsMakesNoDifference) {
  EXPECT_EQ(Suggest("connectTimeout", kNames), "connect_timeout");
  EXPECT_EQ(Suggest("IDLE-TIMEOUT", kNames), "idle_timeout");
}

TEST(SuggestionTest, StaysSilentWhereNothingIsNear) {
  EXPECT_EQ(Suggest("colour", kNames), std::nullopt);
  EXPECT_EQ(Suggest("", kNames), std::nullopt);
  EXPECT_EQ(Suggest(std::string(1000, 'p'), kNames), std::nullopt);
  EXPECT_EQ(Suggest("x", std::vector<std::string>{"y"}), std::nullopt);
  EXPECT_EQ(Suggest("x", {}), std::nullopt);
}

TEST(SuggestionTest, EndsAnError) {
  EXPECT_EQ(DidYouMean("polcy", kNames), "; did you mean 'policy'?");
  EXPECT_EQ(DidYouMean("x", kNames),
            "; use one of 'policy', 'idle_timeout', 'connect_timeout', 'cluster'");
  EXPECT_EQ(DidYouMean("x", {}), "");
}

TEST(SuggestionTest, CutsLongLists) {
  const std::vector<std::string> many(100, "a");
  EXPECT_EQ(QuotedList(many).size(), 16 * 3 + 15 * 2 + 5);
}

}  // namespace
}  // namespace culvert::config
