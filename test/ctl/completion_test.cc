#include "source/ctl/completion.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "test/ctl/temporary_directory.h"

namespace culvert::ctl {
namespace {

const std::array<exe::Command, 3> kCommands = {{
    {"apply", "", "", {{"file", 'f', "FILE", ""}, {"label", '\0', "TEXT", ""}}},
    {"append", "", ""},
    {"completion", "", "", {}, {{"bash", ""}}},
}};
const std::array<exe::Option, 2> kCommon = {{
    {"output", 'o', "text|json", ""},
    {"verbose", '\0', "", ""},
}};

class CtlCompletionTest : public testing::Test {
 protected:
  CtlCompletionTest() { directory_.Write("script", BashCompletion("prog", kCommands, kCommon)); }

  // What bash offers for the last of `words`, which are in its own syntax for arrays.
  std::string Complete(const std::string& words) {
    const std::string script =
        ". " + directory_.Path("script") + "; cd " + directory_.Path(".") + "; COMP_WORDS=(" +
        words + "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _prog; echo -n \"${COMPREPLY[*]}\"";
    const std::string command = "bash -c '" + script + "' 2>/dev/null";
    std::FILE* pipe = popen(command.c_str(), "r");
    char text[4096];
    const size_t size = std::fread(text, 1, sizeof text, pipe);
    EXPECT_EQ(pclose(pipe), 0);
    return {text, size};
  }

  TemporaryDirectory directory_;
};

TEST_F(CtlCompletionTest, OffersCommands) {
  EXPECT_EQ(Complete("prog \"\""), "apply append completion help");
  EXPECT_EQ(Complete("prog app"), "apply append");
  EXPECT_EQ(Complete("prog --output json app"), "apply append") << "json is no command";
}

TEST_F(CtlCompletionTest, OffersOptionsOfTheCommandAndOfAll) {
  EXPECT_EQ(Complete("prog apply --"), "--file --label --output --verbose --help");
  EXPECT_EQ(Complete("prog append --"), "--output --verbose --help");
  EXPECT_EQ(Complete("prog --"), "--output --verbose --help");
}

TEST_F(CtlCompletionTest, OffersWordsOfAChoice) {
  EXPECT_EQ(Complete("prog apply --output \"\""), "text json");
  EXPECT_EQ(Complete("prog apply -o j"), "json");
  EXPECT_EQ(Complete("prog apply --output = j"), "json") << "bash parts words at =";
  EXPECT_EQ(Complete("prog apply --output ="), "text json");
  EXPECT_EQ(Complete("prog completion \"\""), "bash");
}

TEST_F(CtlCompletionTest, OffersFilesWhereOneIsWanted) {
  directory_.Write("one.yaml", "");
  EXPECT_EQ(Complete("prog apply -f on"), "one.yaml");
  EXPECT_EQ(Complete("prog apply --file on"), "one.yaml");
  EXPECT_EQ(Complete("prog apply --label on"), "") << "nobody can guess";
}

}  // namespace
}  // namespace culvert::ctl
