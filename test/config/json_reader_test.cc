#include "source/config/json_reader.h"

#include <string>

#include "gtest/gtest.h"

namespace culvert::config {
namespace {

// The tree, or else the first error.
std::string ReadError(std::string_view text) {
  Diagnostics diagnostics("t.json");
  if (ReadJson(text, diagnostics)) return "none";
  const std::vector<ConfigError> errors = diagnostics.TakeErrors();
  return errors.size() == 1 ? ToString(errors[0]) : "not one error";
}

Node Read(std::string_view text) {
  Diagnostics diagnostics("t.json");
  return ReadJson(text, diagnostics).value();
}

TEST(JsonReaderTest, ReadsEveryKindOfValue) {
  const Node root = Read(R"( {"a": [1, -0.5e+3, true, false, null, "x"], "b": {}} )");
  ASSERT_EQ(root.entries.size(), 2);
  const std::vector<Node>& items = root.entries[0].value.items;
  ASSERT_EQ(items.size(), 6);
  EXPECT_EQ(items[0].text, "1");
  EXPECT_EQ(items[1].text, "-0.5e+3");
  EXPECT_EQ(items[2].text, "true");
  EXPECT_FALSE(items[2].quoted);
  EXPECT_EQ(items[3].text, "false");
  EXPECT_EQ(items[4].kind, Node::Kind::kNull);
  EXPECT_EQ(items[5].text, "x");
  EXPECT_TRUE(items[5].quoted);
  EXPECT_EQ(root.entries[1].value.kind, Node::Kind::kMap);
}

TEST(JsonReaderTest, KnowsWhereThingsStand) {
  const Node root = Read("{\n  \"a\":\r\n [\"x\",\n\t2]}");
  EXPECT_EQ(root.position, (Position{1, 1}));
  EXPECT_EQ(root.entries[0].key_position, (Position{2, 3}));
  EXPECT_EQ(root.entries[0].value.position, (Position{3, 2}));
  EXPECT_EQ(root.entries[0].value.items[0].position, (Position{3, 3}));
  EXPECT_EQ(root.entries[0].value.items[1].position, (Position{4, 2}));
}

TEST(JsonReaderTest, ResolvesEscapes) {
  EXPECT_EQ(Read(R"("\"\\\/\b\f\n\r\t")").text, "\"\\/\b\f\n\r\t");
  EXPECT_EQ(Read(R"("\u0041\u00e9\u20AC\ud83d\ude00")").text, "A\u00e9\u20ac\U0001f600");
  EXPECT_EQ(Read(R"("\u0000")").text, std::string(1, '\0'));
}

TEST(JsonReaderTest, RefusesBadEscapes) {
  EXPECT_EQ(ReadError(R"("\x")"),
            "t.json:1:3: not valid JSON: unknown escape; write '\\\\' for a backslash");
  EXPECT_EQ(ReadError(R"("\u12g4")"),
            "t.json:1:4: not valid JSON: expected four hexadecimal digits after '\\u'");
  EXPECT_EQ(ReadError(R"("\u12)"),
            "t.json:1:4: not valid JSON: expected four hexadecimal digits after '\\u'");
  EXPECT_EQ(ReadError(R"("\ud83d")"), "t.json:1:8: not valid JSON: a high surrogate stands alone");
  EXPECT_EQ(ReadError(R"("\ud83d\u0041")"),
            "t.json:1:14: not valid JSON: a high surrogate stands alone");
  EXPECT_EQ(ReadError(R"("\ude00")"), "t.json:1:8: not valid JSON: a low surrogate stands alone");
}

TEST(JsonReaderTest, RefusesWhatOnlyLooksLikeJson) {
  EXPECT_EQ(ReadError("{\"a\": 1,}"),
            "t.json:1:9: not valid JSON: found '}' after a comma; remove the comma");
  EXPECT_EQ(ReadError("[1,]"),
            "t.json:1:4: not valid JSON: found ']' after a comma; remove the comma");
  EXPECT_EQ(ReadError("{a: 1}"), "t.json:1:2: not valid JSON: expected a name in double quotes");
  EXPECT_EQ(ReadError("{\"a\" 1}"), "t.json:1:6: not valid JSON: expected ':' after the name");
  EXPECT_EQ(ReadError("{\"a\": 1 \"b\": 2}"), "t.json:1:9: not valid JSON: expected ',' or '}'");
  EXPECT_EQ(ReadError("[1 2]"), "t.json:1:4: not valid JSON: expected ',' or ']'");
  EXPECT_EQ(ReadError("// x\n{}"),
            "t.json:1:1: not valid JSON: comments are not JSON; remove the comment");
  EXPECT_EQ(ReadError("'a'"),
            "t.json:1:1: not valid JSON: expected a value; strings need double quotes");
  EXPECT_EQ(ReadError("\"a\nb\""),
            "t.json:1:3: not valid JSON: a string cannot hold a control "
            "character; write it as an escape");
}

TEST(JsonReaderTest, RefusesBadNumbers) {
  EXPECT_EQ(ReadError("012"),
            "t.json:1:2: not valid JSON: a number cannot begin with 0; remove the 0");
  EXPECT_EQ(ReadError("-"), "t.json:1:2: not valid JSON: expected a digit");
  EXPECT_EQ(ReadError("1."), "t.json:1:3: not valid JSON: expected a digit after '.'");
  EXPECT_EQ(ReadError("1e"), "t.json:1:3: not valid JSON: expected a digit in the exponent");
  for (const char* text : {"+1", ".5", "0x10", "NaN", "Infinity", "1_000", "trueish"}) {
    EXPECT_NE(ReadError(text), "none") << text;
  }
}

TEST(JsonReaderTest, RefusesWhatEndsTooEarlyOrTooLate) {
  EXPECT_EQ(ReadError(""), "t.json:1:1: not valid JSON: the file ends where a value is expected");
  EXPECT_EQ(ReadError("{\"a\": "),
            "t.json:1:7: not valid JSON: the file ends where a value is expected");
  EXPECT_EQ(ReadError("[1"), "t.json:1:3: not valid JSON: expected ',' or ']'");
  EXPECT_EQ(ReadError("\"a"), "t.json:1:3: not valid JSON: the file ends inside a string");
  EXPECT_EQ(ReadError("{}\n{}"),
            "t.json:2:1: not valid JSON: found more after the end of the "
            "value; a config is one value");
}

TEST(JsonReaderTest, BoundsDepth) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(ReadError(nested(100)), "none");
  EXPECT_EQ(ReadError(nested(101)),
            "t.json:1:101: not valid JSON: nested too deeply; at most 100 levels");
  EXPECT_EQ(ReadError(std::string(1 << 20, '[')),
            "t.json:1:101: not valid JSON: nested too deeply; at most 100 levels");
}

TEST(JsonReaderTest, BoundsTheNumberOfValues) {
  std::string text = "[0";
  for (size_t i = 0; i < kMaxTreeNodes; ++i) text += ",0";
  EXPECT_EQ(ReadError(text + "]"),
            "t.json:1:2097152: not valid JSON: too many values; at most 1048576");
}

}  // namespace
}  // namespace culvert::config
