#include "source/config/yaml_reader.h"

#include <string>

#include "fmt/format.h"
#include "gtest/gtest.h"

namespace culvert::config {
namespace {

std::string ReadError(std::string_view text) {
  Diagnostics diagnostics("t.yaml");
  if (ReadYaml(text, diagnostics)) return "none";
  const std::vector<ConfigError> errors = diagnostics.TakeErrors();
  return errors.size() == 1 ? ToString(errors[0]) : "not one error";
}

Node Read(std::string_view text) {
  Diagnostics diagnostics("t.yaml");
  return ReadYaml(text, diagnostics).value();
}

TEST(YamlReaderTest, TellsQuotedScalarsFromPlainOnes) {
  const Node root = Read("[443, \"443\", '443', ~, null, '']");
  ASSERT_EQ(root.items.size(), 6);
  EXPECT_FALSE(root.items[0].quoted);
  EXPECT_TRUE(root.items[1].quoted);
  EXPECT_TRUE(root.items[2].quoted);
  EXPECT_EQ(root.items[3].kind, Node::Kind::kNull);
  EXPECT_EQ(root.items[4].kind, Node::Kind::kNull);
  EXPECT_EQ(root.items[5].kind, Node::Kind::kScalar);
}

TEST(YamlReaderTest, KnowsWhereThingsStand) {
  const Node root = Read("# comment\na:\n  - b: 1\n    c: 2\n");
  EXPECT_EQ(root.entries[0].key_position, (Position{2, 1}));
  const Node& item = root.entries[0].value.items[0];
  EXPECT_EQ(item.position, (Position{3, 5}));
  EXPECT_EQ(item.entries[1].key_position, (Position{4, 5}));
  EXPECT_EQ(item.entries[1].value.position, (Position{4, 8}));
}

TEST(YamlReaderTest, CopiesWhatAliasesName) {
  const Node root = Read("a: &x {k: [1, 2]}\nb: *x\n");
  const Node& copy = root.entries[1].value;
  EXPECT_EQ(copy.position, (Position{2, 4}));
  ASSERT_EQ(copy.entries.size(), 1);
  EXPECT_EQ(copy.entries[0].value.items[1].text, "2");
}

TEST(YamlReaderTest, RefusesAliasesOfWhatTheyStandIn) {
  EXPECT_EQ(ReadError("&a [*a]"),
            "t.yaml:1:5: an alias stands inside what it names; write the value out");
  EXPECT_EQ(ReadError("[*b]"), "t.yaml:1:2: not valid YAML: the referenced anchor is not defined");
}

TEST(YamlReaderTest, BoundsWhatAliasesGrowTo) {
  std::string bomb = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += fmt::format("- &a{} [*a{}", i, i - 1);
    for (int j = 1; j < 10; ++j) bomb += fmt::format(", *a{}", i - 1);
    bomb += "]\n";
  }
  EXPECT_EQ(ReadError(bomb),
            "t.yaml:6:43: too many values, those behind aliases included; at most "
            "1048576");
  std::string long_text = fmt::format("- &a {}\n", std::string(1 << 20, 'x'));
  for (int i = 0; i < 64; ++i) long_text += "- *a\n";
  EXPECT_EQ(ReadError(long_text),
            "t.yaml:64:3: too much text, that behind aliases included; at most 64MiB");
}

TEST(YamlReaderTest, BoundsDepth) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(ReadError(nested(100)), "none");
  EXPECT_EQ(ReadError(nested(101)), "t.yaml:1:101: nested too deeply; at most 100 levels");
  std::string aliases = "- &a0 [x]\n";
  for (int i = 1; i < 200; ++i) aliases += fmt::format("- &a{} [*a{}]\n", i, i - 1);
  EXPECT_EQ(ReadError(aliases), "t.yaml:100:9: nested too deeply; at most 100 levels");
}

TEST(YamlReaderTest, SurvivesBottomlessNesting) {
  EXPECT_NE(ReadError(std::string(1 << 20, '[')), "none");
  EXPECT_NE(ReadError(std::string(1 << 16, '{')), "none");
  std::string dashes;
  for (int i = 0; i < 10000; ++i) dashes += "- ";
  EXPECT_NE(ReadError(dashes), "none");
}

TEST(YamlReaderTest, RefusesKeysThatAreNoNames) {
  EXPECT_EQ(ReadError("? [a]\n: 1"), "t.yaml:1:3: expected a name before ':', found a list");
  EXPECT_EQ(ReadError("~: 1"), "t.yaml:1:1: expected a name before ':', found nothing");
}

TEST(YamlReaderTest, RefusesTags) {
  for (const char* text : {"!!int 5", "a: !!binary abc", "a: !custom {}", "!!seq []"}) {
    EXPECT_NE(ReadError(text), "none") << text;
  }
}

TEST(YamlReaderTest, ReportsBrokenYamlWithItsPlace) {
  EXPECT_EQ(ReadError("a: [1\nb: 2\n"),
            "t.yaml:2:2: not valid YAML: end of sequence flow not found");
  EXPECT_EQ(ReadError("a: 1\n  b: 2\n"), "t.yaml:2:4: not valid YAML: illegal map value");
}

TEST(YamlReaderTest, NothingIsADocumentThatSaysNothing) {
  EXPECT_EQ(Read("").kind, Node::Kind::kNull);
  EXPECT_EQ(Read("---\n").kind, Node::Kind::kNull);
}

}  // namespace
}  // namespace culvert::config
