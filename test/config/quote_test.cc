#include "source/config/quote.h"

#include "gtest/gtest.h"
#include "source/config/utf8.h"

namespace culvert::config {
namespace {

TEST(QuoteTest, EscapesControlCharacters) {
  EXPECT_EQ(Quoted("a\nb\tc\x1b[0m\x7f"), "'a\\nb\\tc\\u001b[0m\\u007f'");
}

TEST(QuoteTest, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(Printable(std::string(64, 'a')), std::string(64, 'a'));
  EXPECT_EQ(Printable(std::string(63, 'a') + "\u00e9" + "b"), std::string(63, 'a') + "...");
}

TEST(QuoteTest, DoubleQuotesAreReadBackByJson) {
  EXPECT_EQ(DoubleQuoted("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\u0001\"");
}

TEST(Utf8Test, TakesWellFormedText) {
  EXPECT_EQ(FindBadUtf8("a\u00e9\u20ac\U0001f600"), std::nullopt);
  EXPECT_EQ(FindBadUtf8(""), std::nullopt);
  EXPECT_EQ(FindBadUtf8("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"), std::nullopt);
}

TEST(Utf8Test, FindsWhereItBreaks) {
  for (const char* bad : {"\x80", "\xc3", "\xc3(", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82"}) {
    EXPECT_EQ(FindBadUtf8(std::string("ab") + bad), 2);
  }
}

}  // namespace
}  // namespace culvert::config
