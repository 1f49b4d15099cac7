#include "source/access_log/escape.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "test/access_log/json_parser.h"

namespace culvert::access_log {
namespace {

std::string Json(std::string_view value) {
  std::string out;
  AppendJsonString(value, out);
  return out;
}

std::string Text(std::string_view value) {
  std::string out;
  AppendTextValue(value, out);
  return out;
}

TEST(JsonStringTest, EscapesWhatTheRfcWants) {
  EXPECT_EQ(Json(""), "\"\"");
  EXPECT_EQ(Json("plain text /"), "\"plain text /\"");
  EXPECT_EQ(Json("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(Json("\n\r\t\b\x1f"), "\"\\n\\r\\t\\u0008\\u001f\"");
  EXPECT_EQ(Json(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(JsonStringTest, KeepsTextOfAnyLanguage) {
  EXPECT_EQ(Json("grüße 日本 🚀"), "\"grüße 日本 🚀\"");
}

TEST(JsonStringTest, EscapesCharactersThatBreakOrReorderALine) {
  EXPECT_EQ(Json("\x7f"), "\"\\u007f\"");
  EXPECT_EQ(Json("\u0085\u2028\u2029\u202e\u2066\u200b\ufeff"),
            "\"\\u0085\\u2028\\u2029\\u202e\\u2066\\u200b\\ufeff\"");
}

TEST(JsonStringTest, ReplacesWhatIsNotUtf8) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(Json("a\xff"
                 "b"),
            "\"a" + bad + "b\"");
  EXPECT_EQ(Json("\xc0\xaf"), "\"" + bad + bad + "\"");                      // overlong
  EXPECT_EQ(Json("\xe0\x80\xaf"), "\"" + bad + bad + bad + "\"");            // overlong
  EXPECT_EQ(Json("\xed\xa0\x80"), "\"" + bad + bad + bad + "\"");            // surrogate
  EXPECT_EQ(Json("\xf4\x90\x80\x80"), "\"" + bad + bad + bad + bad + "\"");  // too large
  EXPECT_EQ(Json("\xe2\x82"), "\"" + bad + bad + "\"");                      // cut off
  EXPECT_EQ(Json("\xc3\""), "\"" + bad + "\\\"\"");  // must not swallow the quote
}

TEST(JsonStringTest, CutsLongValuesWhereACharacterEnds) {
  EXPECT_EQ(Json(std::string(kMaxValueSize, 'x')), "\"" + std::string(kMaxValueSize, 'x') + "\"");
  EXPECT_EQ(Json(std::string(kMaxValueSize + 1, 'x')),
            "\"" + std::string(kMaxValueSize, 'x') + "...\"");
  const std::string head(kMaxValueSize - 1, 'x');
  EXPECT_EQ(Json(head + "üüü"), "\"" + head + "...\"");
  EXPECT_EQ(Json(head.substr(2) + "🚀🚀"), "\"" + head.substr(2) + "...\"");
}

TEST(TextValueTest, PlainValuesStandAsTheyAre) {
  EXPECT_EQ(Text("example.com:443"), "example.com:443");
  EXPECT_EQ(Text("[::1]:443"), "[::1]:443");
  EXPECT_EQ(Text("a=b"), "a=b");
}

TEST(TextValueTest, NothingIsADash) {
  EXPECT_EQ(Text(""), "-");
  EXPECT_EQ(Text("-"), "\"-\"");
}

TEST(TextValueTest, QuotesAndEscapesTheRest) {
  EXPECT_EQ(Text("a b"), "\"a b\"");
  EXPECT_EQ(Text("a\"b"), "\"a\\\"b\"");
  EXPECT_EQ(Text("a\\b"), "\"a\\\\b\"");
  EXPECT_EQ(Text("a\nb\r\t\x1b[2J"), "\"a\\nb\\r\\t\\x1b[2J\"");
  EXPECT_EQ(Text("\xff\x7f"), "\"\\xff\\x7f\"");
  EXPECT_EQ(Text("ü\u202e"), "\"ü\\u202e\"");
  EXPECT_EQ(Text(std::string(kMaxValueSize + 1, 'x')),
            "\"" + std::string(kMaxValueSize, 'x') + "...\"");
}

TEST(EscapeTest, AnyBytesGiveValidJsonAndACleanTextValue) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes) {
      // Mostly bytes that can begin or go on a sequence.
      c = static_cast<char>(random() % 3 == 0 ? random() % 0x80 : 0x80 + random() % 0x80);
    }
    const auto fields = ParseJson("{\"v\":" + Json(bytes) + "}");
    ASSERT_TRUE(fields) << testing::PrintToString(bytes);
    if (IsUtf8(bytes)) {
      ASSERT_EQ(FieldOf(*fields, "v"), bytes);
    }
    const std::string text = Text(bytes);
    ASSERT_TRUE(IsUtf8(text));
    for (const char c : text) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

}  // namespace
}  // namespace culvert::access_log
