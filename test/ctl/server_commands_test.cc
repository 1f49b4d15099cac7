#include <gtest/gtest.h>

#include "test/ctl/ctl_fixture.h"

namespace culvert::ctl {
namespace {

using CtlServerCommandsTest = CtlFixture;

TEST_F(CtlServerCommandsTest, InfoTellsWhatTheServerIs) {
  answers().info.set_version("0.1.0");
  answers().info.set_state(v1::ServerInfo::DRAINING);
  answers().info.set_pid(42);
  answers().info.set_config_version(12);
  answers().info.set_node_id("edge-1");
  EXPECT_EQ(Ctl({"info"}), 0);
  const auto lines = LinesOf(out());
  EXPECT_EQ(lines[0], "version      0.1.0");
  EXPECT_EQ(lines[1], "state        draining");
  EXPECT_EQ(lines[2], "pid          42");
  EXPECT_EQ(lines[4], "config       version 12");
  EXPECT_EQ(lines.back(), "node         edge-1");
}

TEST_F(CtlServerCommandsTest, LogLevelsAreShownAndSet) {
  auto* component = answers().log_levels.add_components();
  component->set_name("tls");
  component->set_level("debug");
  EXPECT_EQ(Ctl({"log-level"}), 0);
  EXPECT_EQ(out(), "COMPONENT  LEVEL\ntls        debug\n");
  EXPECT_TRUE(requests().log_levels.empty());
  EXPECT_EQ(Ctl({"log-level", "warning", "tls=debug"}), 0);
  ASSERT_EQ(requests().log_levels.size(), 2);
  EXPECT_EQ(requests().log_levels[0].component(), "");
  EXPECT_EQ(requests().log_levels[0].level(), "warning");
  EXPECT_EQ(requests().log_levels[1].component(), "tls");
  EXPECT_EQ(requests().log_levels[1].level(), "debug");
}

TEST_F(CtlServerCommandsTest, DrainHasATimeoutOfItsOwn) {
  answers().drain.set_connections(1);
  EXPECT_EQ(Ctl({"drain"}), 0);
  EXPECT_FALSE(requests().drain.has_timeout());
  EXPECT_EQ(out(),
            "draining: 1 connection open; the server ends with the last of them, or when "
            "process.drain_timeout has passed\n");
  EXPECT_EQ(Ctl({"--timeout", "5s", "drain", "--timeout", "90s"}), 0);
  EXPECT_EQ(requests().drain.timeout().seconds(), 90);
  EXPECT_NE(out().find("or when 90s have passed"), std::string::npos) << out();
  EXPECT_EQ(Ctl({"drain", "--timeout", "90"}), 2);
}

TEST_F(CtlServerCommandsTest, ShutdownAndReopenLogs) {
  answers().shutdown.set_connections(2);
  EXPECT_EQ(Ctl({"shutdown"}), 0);
  EXPECT_TRUE(requests().shut_down);
  EXPECT_EQ(out(), "the server ends, and with it 2 connections\n");
  EXPECT_EQ(Ctl({"reopen-logs"}), 0);
  EXPECT_TRUE(requests().reopened_logs);
}

TEST_F(CtlServerCommandsTest, ReadOnlyCallersAreTold) {
  answers().error_code = 7;
  answers().error_message = "the role 'read-only' may not do this";
  for (const std::string_view command : {"shutdown", "drain", "reopen-logs"}) {
    EXPECT_EQ(Ctl({command}), 1);
    EXPECT_EQ(err(),
              "culvertctl " + std::string(command) + ": the role 'read-only' may not do this\n");
  }
}

}  // namespace
}  // namespace culvert::ctl
