#include "source/ctl/human.h"

#include <gtest/gtest.h>

namespace culvert::ctl {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(CtlHumanTest, SizesHaveUnitsAndAreNeverTooLarge) {
  EXPECT_EQ(HumanSize(0), "0B");
  EXPECT_EQ(HumanSize(1023), "1023B");
  EXPECT_EQ(HumanSize(1024), "1.0KiB");
  EXPECT_EQ(HumanSize(1536), "1.5KiB");
  EXPECT_EQ(HumanSize(10 * 1024 + 1023), "10KiB");
  EXPECT_EQ(HumanSize(1024.0 * 1024 - 1), "1023KiB") << "not 1024KiB";
  EXPECT_EQ(HumanSize(1024.0 * 1024), "1.0MiB");
  EXPECT_EQ(HumanSize(1.8e19), "15EiB");
  EXPECT_EQ(HumanSize(-1), "0B");
  EXPECT_EQ(ShortSize(1536), "1.5K");
  EXPECT_EQ(ShortSize(1024.0 * 1024 - 1), "1023K");
  EXPECT_EQ(HumanRate(2048), "2.0KiB/s");
}

TEST(CtlHumanTest, Numbers) {
  EXPECT_EQ(HumanNumber(0), "0");
  EXPECT_EQ(HumanNumber(0.54), "0.5");
  EXPECT_EQ(HumanNumber(12345), "12345");
  EXPECT_EQ(HumanNumber(1234.5), "1234");
  EXPECT_EQ(HumanNumber(123456), "123k");
  EXPECT_EQ(HumanNumber(1234567), "1.2M");
  EXPECT_EQ(HumanNumber(-3), "-3");
}

TEST(CtlHumanTest, AgesHaveTheTwoLargestUnits) {
  EXPECT_EQ(HumanAge(milliseconds(999)), "0s");
  EXPECT_EQ(HumanAge(seconds(59)), "59s");
  EXPECT_EQ(HumanAge(seconds(125)), "2m05s");
  EXPECT_EQ(HumanAge(hours(3) + minutes(12)), "3h12m");
  EXPECT_EQ(HumanAge(hours(24 * 15 + 4)), "15d4h");
  EXPECT_EQ(HumanAge(seconds(-5)), "0s") << "clocks differ";
}

TEST(CtlHumanTest, TimesAreInUtc) {
  google::protobuf::Timestamp time;
  time.set_seconds(1'769'860'800);
  EXPECT_EQ(HumanTime(time), "2026-01-31 12:00:00");
}

TEST(CtlHumanTest, DurationsBecomeMessages) {
  const auto proto = ToProto(milliseconds(1500));
  EXPECT_EQ(proto.seconds(), 1);
  EXPECT_EQ(proto.nanos(), 500'000'000);
}

}  // namespace
}  // namespace culvert::ctl
