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

const std::array<Command, 3> kRichCommands = {{
    {"get", "prints", "prog get 7", {}, {{"VERSION", "a version", 0, 1}}},
    {"kill",
     "ends",
     "prog kill 1 2",
     {{"timeout", '\0', "DURATION", "its own"}},
     {{"ID", "a number", 1, 3}}},
    {"completion", "prints a script", "prog completion bash", {}, {{"bash|zsh", "the shell"}}},
}};
const std::array<Option, 3> kCommonOptions = {{
    {"output", 'o', "text|json", "the form"},
    {"timeout", 't', "DURATION", "for all"},
    {"phase", '\0', "one|two|three|four|five", "a long form"},
}};

ParsedCommand ParseRich(const std::vector<std::string_view>& words) {
  return ParseCommandLine("prog", kRichCommands, words, kCommonOptions);
}

TEST(CommandLineTest, TakesAsManyWordsAsTheCommandWants) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(ParseRich({"get"}).arguments.words(), Words());
  EXPECT_EQ(ParseRich({"get", "7"}).arguments.words(), Words{"7"});
  EXPECT_EQ(ParseRich({"kill", "1", "-o", "json", "2"}).arguments.words(), (Words{"1", "2"}));
  EXPECT_EQ(ParseRich({"get", "-"}).arguments.words(), Words{"-"}) << "the standard input";
  EXPECT_EQ(ParseRich({"get", "--", "--help"}).arguments.words(), Words{"--help"});
  EXPECT_EQ(ParseRich({"completion", "zsh"}).arguments.words(), Words{"zsh"});
}

TEST(CommandLineTest, OptionsOfAllCommandsStandBeforeTheCommandOrAfterIt) {
  EXPECT_EQ(ParseRich({"--output", "json", "get"}).arguments.GetCommon("output"), "json");
  EXPECT_EQ(ParseRich({"get", "-o", "json"}).arguments.GetCommon("output"), "json");
  EXPECT_EQ(ParseRich({"get", "--output=text", "--output=json"}).arguments.GetCommon("output"),
            "json")
      << "the last one counts";
}

TEST(CommandLineTest, AnOptionOfTheCommandHidesTheCommonOneBehindIt) {
  const ParsedCommand parsed =
      ParseRich({"--timeout", "1s", "kill", "--timeout", "2s", "1", "-t", "3s"});
  ASSERT_NE(parsed.command, nullptr) << parsed.text;
  EXPECT_EQ(parsed.arguments.Get("timeout"), "2s");
  EXPECT_EQ(parsed.arguments.GetCommon("timeout"), "3s");
}

TEST(CommandLineTest, WrongWordsAreStatus2AndSayWhatToDo) {
  struct Case {
    std::vector<std::string_view> words;
    std::string text;
  };
  const std::vector<Case> cases = {
      {{"kill"}, "prog kill: ID is missing; see prog kill --help\n"},
      {{"get", "1", "2"}, "prog get: '2' is one word too many; see prog get --help\n"},
      {{"kill", "1", "2", "3", "4"}, "prog kill: '4' is one word too many; see prog kill --help\n"},
      {{"completion", "fish"},
       "prog completion: 'fish' is not bash or zsh; see prog completion --help\n"},
      {{"get", "--output", "xml"},
       "prog get: --output is text or json, not 'xml'; see prog get --help\n"},
      {{"--output", "json"}, "prog: a command is missing; see prog --help\n"},
      {{"--fast", "get"}, "prog: unknown option '--fast'; see prog --help\n"},
      {{"--"}, "prog: a command is missing; see prog --help\n"},
  };
  for (const Case& wrong : cases) {
    const ParsedCommand parsed = ParseRich(wrong.words);
    EXPECT_EQ(parsed.command, nullptr);
    EXPECT_EQ(parsed.exit_status, 2);
    EXPECT_EQ(parsed.text, wrong.text);
  }
}

TEST(CommandLineTest, HelpTellsOfWordsAndOfOptionsOfAllCommands) {
  EXPECT_EQ(ParseRich({"kill", "--help"}).text,
            "prog kill: ends\n"
            "\n"
            "Usage: prog kill ID... [OPTIONS]\n"
            "\n"
            "  ID...                    a number\n"
            "\n"
            "Options:\n"
            "      --timeout DURATION   its own\n"
            "  -h, --help               this text\n"
            "\n"
            "Options of every command:\n"
            "  -o, --output text|json   the form\n"
            "  -t, --timeout DURATION   for all\n"
            "      --phase one|two|three|four|five\n"
            "                           a long form\n"
            "\n"
            "Example:\n"
            "  prog kill 1 2\n");
  EXPECT_NE(ParseRich({"get", "-h"}).text.find("Usage: prog get [VERSION] [OPTIONS]"),
            std::string::npos);
  EXPECT_EQ(ParseRich({"--help", "--wrong"}).exit_status, 0);
}

TEST(CommandLineTest, NamesInLowerCaseAreTheWordsThemselves) {
  using Words = std::vector<std::string_view>;
  EXPECT_EQ(ChoicesOf("text|json"), (Words{"text", "json"}));
  EXPECT_EQ(ChoicesOf("bash"), Words{"bash"});
  EXPECT_EQ(ChoicesOf("FILE"), Words());
  EXPECT_EQ(ChoicesOf(""), Words());
}

}  // namespace
}  // namespace culvert::exe
