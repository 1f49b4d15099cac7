#include <chrono>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "source/config/diff.h"

namespace culvert::config {
namespace {

std::string Diff(std::string_view before, std::string_view after) {
  return UnifiedDiff(before, after, "a", "b");
}

std::string Numbers(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += fmt::format("{}\n", i);
  return text;
}

// `text` with the hunks of `diff` carried out. Fails if they do not fit.
std::string Patch(const std::string& text, const std::string& diff) {
  std::istringstream old_lines(text);
  std::istringstream hunks(diff);
  std::string result;
  std::string line;
  std::string old_line;
  int old_at = 0;
  std::getline(hunks, line);
  std::getline(hunks, line);
  while (std::getline(hunks, line)) {
    int begin = 0;
    if (sscanf(line.c_str(), "@@ -%d", &begin) == 1) {
      const bool empty = line.find(",0 +") != line.npos;
      for (; old_at < begin - (empty ? 0 : 1) && std::getline(old_lines, old_line); ++old_at) {
        result += old_line + "\n";
      }
    } else if (line[0] == '+') {
      result += line.substr(1) + "\n";
    } else {
      std::getline(old_lines, old_line);
      ++old_at;
      EXPECT_EQ(line.substr(1), old_line);
      if (line[0] == ' ') result += old_line + "\n";
    }
  }
  while (std::getline(old_lines, old_line)) result += old_line + "\n";
  return result;
}

TEST(UnifiedDiffTest, EqualTextsHaveNone) { EXPECT_EQ(Diff("a\n", "a\n"), ""); }

TEST(UnifiedDiffTest, ShowsThreeLinesOfContext) {
  std::string after = Numbers(1, 20);
  after.replace(after.find("10\n"), 3, "ten\n");
  EXPECT_EQ(Diff(Numbers(1, 20), after),
            "--- a\n+++ b\n@@ -7,7 +7,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n");
}

TEST(UnifiedDiffTest, ChangesThatAreNearShareAHunkAndOthersDoNot) {
  const std::string six = "x\n" + Numbers(1, 6) + "y\n";
  EXPECT_EQ(Diff(six, Numbers(1, 6)),
            "--- a\n+++ b\n@@ -1,8 +1,6 @@\n-x\n 1\n 2\n 3\n 4\n 5\n 6\n-y\n");
  const std::string seven = "x\n" + Numbers(1, 7) + "y\n";
  EXPECT_EQ(Diff(seven, Numbers(1, 7)),
            "--- a\n+++ b\n@@ -1,4 +1,3 @@\n-x\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n-y\n");
}

TEST(UnifiedDiffTest, CountsLinesAsDiffDoes) {
  EXPECT_EQ(Diff("", "a\n"), "--- a\n+++ b\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(Diff("a\nb\n", ""), "--- a\n+++ b\n@@ -1,2 +0,0 @@\n-a\n-b\n");
}

TEST(UnifiedDiffTest, SaysWhereTheLastLineHasNoEnd) {
  EXPECT_EQ(Diff("a\n", "a"), "--- a\n+++ b\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
}

TEST(UnifiedDiffTest, LinesThatRepeatDoNotHideWhatMoved) {
  // Closing lines are everywhere; the unique ones show what was put in.
  const std::string block = "one {\n}\ntwo {\n}\n";
  EXPECT_EQ(Diff(block, "one {\n}\nnew {\n}\ntwo {\n}\n"),
            "--- a\n+++ b\n@@ -1,4 +1,6 @@\n one {\n }\n+new {\n+}\n two {\n }\n");
}

TEST(UnifiedDiffTest, WhatItSaysMakesOneTextOfTheOther) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    // Few different lines: many ways to match them.
    const auto make = [&random] {
      std::string text;
      const int lines = static_cast<int>(random() % 30);
      for (int i = 0; i < lines; ++i) text += fmt::format("{}\n", random() % 6);
      return text;
    };
    const std::string before = make();
    const std::string after = make();
    ASSERT_EQ(Patch(before, Diff(before, after)), after) << before << "--\n" << after;
  }
}

TEST(UnifiedDiffTest, FindsTheFewestEdits) {
  EXPECT_EQ(Diff("a\nb\na\nb\n", "b\na\nb\na\n"),
            "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-a\n b\n a\n b\n+a\n");
}

TEST(UnifiedDiffTest, LongTextsTakeAMoment) {
  std::string before;
  std::string after;
  for (int i = 0; i < 100'000; ++i) {
    before += fmt::format("line {}\n  same\n", i);
    after += fmt::format("line {}\n  same\n", i % 1000 == 0 ? -i : i);
  }
  const auto start = std::chrono::steady_clock::now();
  const std::string one_in_a_thousand = Diff(before, after);
  const std::string nothing_in_common = Diff(before, Numbers(1, 100'000));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(std::ranges::count(one_in_a_thousand, '@'), 99 * 4);
  EXPECT_EQ(Patch(before, one_in_a_thousand), after);
  EXPECT_EQ(Patch(before, nothing_in_common), Numbers(1, 100'000));
}

}  // namespace
}  // namespace culvert::config
