#include "source/ctl/run.h"

#include <gtest/gtest.h>

#include "source/ctl/text.h"
#include "test/ctl/ctl_fixture.h"

namespace culvert::ctl {
namespace {

constexpr std::string_view kCommands[] = {
    "apply",     "validate", "diff",     "rollback",    "get",        "history", "watch",
    "listeners", "clusters", "certs",    "tunnels",     "kill",       "stats",   "info",
    "log-level", "drain",    "shutdown", "reopen-logs", "completion", "version"};

using CtlRunTest = CtlFixture;

TEST_F(CtlRunTest, EveryCommandHasHelpWithAnExampleIn80Columns) {
  for (const std::string_view command : kCommands) {
    EXPECT_EQ(Ctl({command, "--help"}), 0);
    EXPECT_NE(out().find("Example:\n  "), std::string::npos) << command;
    EXPECT_NE(out().find("culvertctl " + std::string(command)), std::string::npos) << command;
    for (const std::string& line : LinesOf(out())) EXPECT_LE(Columns(line), 80) << line;
  }
  EXPECT_EQ(Ctl({"--help"}), 0);
  for (const std::string& line : LinesOf(out())) EXPECT_LE(Columns(line), 80) << line;
  for (const std::string_view command : kCommands) {
    EXPECT_NE(out().find("\n  " + std::string(command) + " "), std::string::npos) << command;
  }
}

TEST_F(CtlRunTest, WrongUsageIsStatus2) {
  const std::vector<std::vector<std::string_view>> wrong = {
      {},
      {"fly"},
      {"info", "more"},
      {"info", "--fast"},
      {"info", "--output", "xml"},
      {"info", "--timeout", "10"},
      {"info", "--timeout", "0s"},
      {"info", "--address", "nowhere"},
      {"info", "--certificate", "a.pem"},
      {"info", "--ca", "ca.pem"},  // over a unix socket there is no name to check
      {"completion"},
      {"completion", "tcsh"},
  };
  for (const auto& words : wrong) {
    EXPECT_EQ(Ctl(words), 2) << err();
    EXPECT_EQ(out(), "");
    EXPECT_EQ(LinesOf(err()).size(), 1) << err();
  }
}

TEST_F(CtlRunTest, TheAddressIsTheOptionOrElseTheVariable) {
  EXPECT_EQ(Ctl({"info"}), 0) << "CULVERT_ADMIN_ADDRESS";
  const std::string missing = directory().Path("missing.sock");
  EXPECT_EQ(Ctl({"info", "--address", missing}), 1);
  EXPECT_NE(err().find("culvertctl: no server at unix:" + missing + ": "), std::string::npos)
      << err();
  EXPECT_EQ(Ctl({"--address=" + missing, "info"}), 1) << "before the command too";
}

TEST_F(CtlRunTest, WithoutEitherItIsTheSocketOfTheDefaultStateDirectory) {
  FakeConsole console;
  const std::string_view words[] = {"info"};
  EXPECT_EQ(ctl::Run(words, console.console()), 1);
  EXPECT_NE(console.TakeErr().find("unix:/var/lib/culvert/admin.sock"), std::string::npos);
}

TEST_F(CtlRunTest, AnAnswerThatDoesNotComeInTimeIsNo) {
  answers().error_code = 4;
  answers().error_message = "Deadline Exceeded";
  EXPECT_EQ(Ctl({"info", "--timeout", "1.5s"}), 1);
  EXPECT_NE(err().find("within 1500ms; what was asked for may still be carried out"),
            std::string::npos)
      << err();
}

TEST_F(CtlRunTest, VersionNeedsNoServer) {
  EXPECT_EQ(Ctl({"version", "--output", "json"}), 0);
  EXPECT_TRUE(out().starts_with("{\"version\": \"")) << out();
  EXPECT_EQ(Ctl({"version"}), 0);
  EXPECT_TRUE(out().starts_with("culvertctl ")) << out();
}

}  // namespace
}  // namespace culvert::ctl
