#include "source/http/message.h"

#include <gtest/gtest.h>

namespace culvert::http {
namespace {

using namespace std::string_view_literals;

TEST(MessageHeadTest, FindsFieldsWhateverTheirCase) {
  MessageHead head;
  head.fields = {{"A", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(head.Find("a"), "1");
  EXPECT_EQ(head.Find("B"), "2");
  EXPECT_EQ(head.Find("ab"), std::nullopt);
  EXPECT_EQ(head.Count("A"), 2);
  EXPECT_EQ(head.Count("c"), 0);
}

TEST(MessageHeadTest, FindsTokensInListsOfAllFieldsOfAName) {
  MessageHead head;
  head.fields = {{"Upgrade", " h2c ,, websocket"}, {"Other", "x"}, {"upgrade", "tls/1.0"}};
  EXPECT_TRUE(head.HasListToken("upgrade", "WebSocket"));
  EXPECT_TRUE(head.HasListToken("upgrade", "tls/1.0"));
  EXPECT_FALSE(head.HasListToken("upgrade", "web"));
  EXPECT_FALSE(head.HasListToken("upgrade", "x"));
  EXPECT_FALSE(head.HasListToken("upgrade", ""));
}

TEST(HeaderListTest, KeepsOrderAndTrimsValues) {
  HeaderList list;
  EXPECT_TRUE(list.Add("A", " 1 "));
  EXPECT_TRUE(list.Add("a", "2"));
  ASSERT_EQ(list.fields().size(), 2);
  EXPECT_EQ(list.fields()[0].value, "1");
  EXPECT_EQ(list.Find("A"), "1");
}

TEST(HeaderListTest, SetReplacesAllOfTheName) {
  HeaderList list;
  list.Add("A", "1");
  list.Add("B", "2");
  list.Add("a", "3");
  EXPECT_TRUE(list.Set("A", *list.Find("B")));
  ASSERT_EQ(list.fields().size(), 2);
  EXPECT_EQ(list.Find("a"), "2");
  EXPECT_EQ(list.Remove("B"), 1);
  EXPECT_EQ(list.Find("B"), std::nullopt);
}

TEST(HeaderListTest, RefusesWhatBreaksOutOfItsLine) {
  const struct {
    const char* name;
    std::string_view field;
    std::string_view value;
  } kCases[] = {
      {"empty name", "", "v"},
      {"space in the name", "a b", "v"},
      {"colon in the name", "a:", "v"},
      {"CRLF in the name", "a\r\nb", "v"},
      {"CRLF in the value", "a", "v\r\nb: c"},
      {"LF in the value", "a", "v\n"},
      {"CR in the value", "a", "\rv"},
      {"NUL in the value", "a", "v\0"sv},
      {"control character in the value", "a", "\x1b"},
  };
  for (const auto& test : kCases) {
    HeaderList list;
    list.Add("a", "before");
    EXPECT_FALSE(list.Add(test.field, test.value)) << test.name;
    EXPECT_FALSE(list.Set(test.field, test.value)) << test.name;
    ASSERT_EQ(list.fields().size(), 1) << test.name;
    EXPECT_EQ(list.Find("a"), "before") << test.name;
  }
}

}  // namespace
}  // namespace culvert::http
