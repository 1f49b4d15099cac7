#include "source/exe/command_line.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace culvert::exe {
namespace {

const std::array<Command, 2> kCommands = {{
    {"run",
     "serves",
     "prog run -c FILE",
     {{"config", 'c', "FILE", "the config", true}, {"fast", '\0', "", "hurry"}}},
    {"version", "prints the version", "prog version", {}},
}};

ParsedCommand Parse(const std::vector<std::string_view>& words) {
  return ParseCommandLine("prog", kCommands, words);
}

TEST(CommandLineTest, TakesLongShortAndJoinedOptions) {
  for (const auto& words : std::vector<std::vector<std::string_view>>{
           {"run", "-c", "x.yaml"}, {"run", "--config", "x.yaml"}, {"run", "--config=x.yaml"}}) {
    const ParsedCommand parsed = Parse(words);
    ASSERT_NE(parsed.command, nullptr) << parsed.text;
    EXPECT_EQ(parsed.arguments.Get("config"), "x.yaml");
    EXPECT_FALSE(parsed.arguments.Has("fast"));
  }
}

TEST(CommandLineTest, WrongUsageIsStatus2AndSaysWhatToDo) {
  struct Case {
    std::vector<std::string_view> words;
    std::string text;
  };
  const std::vector<Case> cases = {
      {{}, "prog: a command is missing; see prog --help\n"},
      {{"rnu"}, "prog: unknown command 'rnu'; see prog --help\n"},
      {{"run"}, "prog run: --config FILE is missing; see prog run --help\n"},
      {{"run", "-c"}, "prog run: --config wants a value: FILE; see prog run --help\n"},
      {{"run", "-x"}, "prog run: unknown option '-x'; see prog run --help\n"},
      {{"run", "x.yaml"}, "prog run: 'x.yaml' is not an option; see prog run --help\n"},
      {{"run", "-c", "x", "--fast=1"}, "prog run: --fast takes no value; see prog run --help\n"},
  };
  for (const Case& wrong : cases) {
    const ParsedCommand parsed = Parse(wrong.words);
    EXPECT_EQ(parsed.command, nullptr);
    EXPECT_EQ(parsed.exit_status, 2);
    EXPECT_EQ(parsed.text, wrong.text);
  }
}

TEST(CommandLineTest, HelpHasAnExampleAndStatus0) {
  for (const auto& words : std::vector<std::vector<std::string_view>>{
           {"--help"}, {"help"}, {"run", "--help"}, {"run", "-h"}}) {
    const ParsedCommand parsed = Parse(words);
    EXPECT_EQ(parsed.exit_status, 0);
    EXPECT_NE(parsed.text.find("prog run -c FILE"), std::string::npos) << parsed.text;
  }
}

}  // namespace
}  // namespace culvert::exe
