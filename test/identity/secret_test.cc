#include "source/identity/secret.h"

#include <gtest/gtest.h>

#include <utility>

namespace culvert::identity {
namespace {

TEST(SecretTest, HoldsTheBytes) {
  EXPECT_EQ(Secret(std::string_view("a\0b", 3)).view(), std::string_view("a\0b", 3));
  EXPECT_EQ(Secret("").view(), "");
}

TEST(SecretTest, LeavesNothingBehindWhenMoved) {
  Secret first("wonderland");
  Secret second(std::move(first));
  EXPECT_EQ(first.view(), "");
  EXPECT_EQ(second.view(), "wonderland");
}

TEST(SecretTest, WipesAString) {
  std::string text = "short";
  const char* bytes = text.data();
  Wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(std::string_view(bytes, 5), std::string_view("\0\0\0\0\0", 5));
}

TEST(SecretTest, ComparesWholeTexts) {
  EXPECT_TRUE(EqualInConstantTime("abc", "abc"));
  EXPECT_TRUE(EqualInConstantTime("", ""));
  EXPECT_FALSE(EqualInConstantTime("abc", "abd"));
  EXPECT_FALSE(EqualInConstantTime("abc", "ab"));
}

}  // namespace
}  // namespace culvert::identity
