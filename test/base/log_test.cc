#include "source/base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace culvert::log {
namespace {

class LogTest : public ::testing::Test {
 protected:
  void TearDown() override { SetLevel(Level::kInfo); }

  // What `say` writes to stderr.
  template <class Say>
  static std::string Said(Say say) {
    testing::internal::CaptureStderr();
    say();
    return testing::internal::GetCapturedStderr();
  }

  static Level LevelNow(Component component) {
    for (const ComponentLevel& one : Levels()) {
      if (one.component == component) return one.level;
    }
    ADD_FAILURE() << "no level of " << ToString(component);
    return Level::kError;
  }
};

TEST_F(LogTest, LineHasTimeLevelComponentAndMessage) {
  const std::string line = Said([] { Warning(kAdmin, "uid {} is {}", 7, "refused"); });
  EXPECT_TRUE(line.ends_with("Z warning [admin] uid 7 is refused\n")) << line;
  EXPECT_TRUE(line.starts_with("20")) << line;
}

TEST_F(LogTest, MessageIsNoFormatOfItsOwn) {
  EXPECT_TRUE(Said([] { Info(kConfig, "{}", "{} and {1}"); }).ends_with("[config] {} and {1}\n"));
}

TEST_F(LogTest, LineWithoutComponentIsTheServers) {
  EXPECT_TRUE(
      Said([] { Info("ready with {} workers", 2); }).ends_with("[server] ready with 2 workers\n"));
}

TEST_F(LogTest, EveryComponentSaysInfoAndMoreAtFirst) {
  for (const auto& [component, level] : Levels()) {
    EXPECT_EQ(level, Level::kInfo) << ToString(component);
    EXPECT_FALSE(Enabled(component, Level::kDebug));
    EXPECT_TRUE(Enabled(component, Level::kInfo));
  }
}

TEST_F(LogTest, LevelOfOneComponentLeavesTheOthers) {
  SetLevel(kConfig, Level::kDebug);
  SetLevel(kListener, Level::kError);
  const std::string said = Said([] {
    Debug(kConfig, "a");
    Debug(kAdmin, "b");
    Info(kAdmin, "c");
    Warning(kListener, "d");
    Error(kListener, "e");
    Debug("f");
  });
  EXPECT_NE(said.find("debug [config] a\n"), std::string::npos) << said;
  EXPECT_EQ(said.find("] b"), std::string::npos) << said;
  EXPECT_NE(said.find("info [admin] c\n"), std::string::npos) << said;
  EXPECT_EQ(said.find("] d"), std::string::npos) << said;
  EXPECT_NE(said.find("error [listener] e\n"), std::string::npos) << said;
  EXPECT_EQ(said.find("] f"), std::string::npos) << said;
  EXPECT_EQ(LevelNow(kConfig), Level::kDebug);
  EXPECT_EQ(LevelNow(kAdmin), Level::kInfo);
}

TEST_F(LogTest, LevelForAllReplacesThoseOfComponents) {
  SetLevel(kConfig, Level::kTrace);
  SetLevel(Level::kWarning);
  for (const auto& [component, level] : Levels()) {
    EXPECT_EQ(level, Level::kWarning) << ToString(component);
  }
}

TEST_F(LogTest, ErrorsAreSaidAtEveryLevel) {
  SetLevel(Level::kError);
  EXPECT_NE(Said([] { Error("bad"); }).find("error [server] bad\n"), std::string::npos);
}

TEST_F(LogTest, LevelMayChangeWhileOthersLog) {
  const std::string said = Said([] {
    std::thread writer([] {
      for (int i = 0; i < 1000; ++i) Debug(kAdmin, "{}", i);
    });
    for (int i = 0; i < 1000; ++i) SetLevel(kAdmin, i % 2 == 0 ? Level::kDebug : Level::kInfo);
    writer.join();
  });
  EXPECT_EQ(LevelNow(kAdmin), Level::kInfo);
}

TEST(LogNamesTest, LevelsHaveNamesThatParse) {
  for (const Level level :
       {Level::kTrace, Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    EXPECT_EQ(ParseLevel(ToString(level)), level);
  }
  EXPECT_EQ(ToString(Level::kWarning), "warning");
  EXPECT_EQ(ParseLevel("warn"), std::nullopt);
  EXPECT_EQ(ParseLevel("INFO"), std::nullopt);
  EXPECT_EQ(ParseLevel(""), std::nullopt);
}

TEST(LogNamesTest, ComponentsHaveNamesThatParse) {
  for (const auto& [component, level] : Levels()) {
    EXPECT_FALSE(ToString(component).empty());
    EXPECT_EQ(ParseComponent(ToString(component)), component);
  }
  EXPECT_EQ(ParseComponent("take_over"), kTakeOver);
  EXPECT_EQ(ParseComponent("access_log"), kAccessLog);
  EXPECT_EQ(ParseComponent("spdlog"), std::nullopt);
  EXPECT_EQ(ParseComponent(""), std::nullopt);
}

}  // namespace
}  // namespace culvert::log
