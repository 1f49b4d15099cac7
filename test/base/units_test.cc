#include "source/base/units.h"

#include <chrono>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "source/base/status.h"

namespace culvert {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kDurationHelp =
    "; write a duration such as '10s', '1.5s', '250ms', '1h' or '2m30s'";
constexpr std::string_view kSizeHelp = "; write a size such as '65536', '64KiB', '1MiB' or '2GiB'";

std::string DurationError(std::string_view text) {
  return std::string(Message(ParseDuration(text).status()));
}

std::string SizeError(std::string_view text) {
  return std::string(Message(ParseByteSize(text).status()));
}

TEST(UnitsTest, ReadsDurations) {
  EXPECT_EQ(*ParseDuration("10s"), 10s);
  EXPECT_EQ(*ParseDuration("1.5s"), 1500ms);
  EXPECT_EQ(*ParseDuration("250ms"), 250ms);
  EXPECT_EQ(*ParseDuration("1h"), 1h);
  EXPECT_EQ(*ParseDuration("2m30s"), 150s);
  EXPECT_EQ(*ParseDuration("1h0.5m3us"), 1h + 30s + 3us);
  EXPECT_EQ(*ParseDuration("0s"), 0s);
  EXPECT_EQ(*ParseDuration("0.001us"), 1ns);
  EXPECT_EQ(*ParseDuration("0.50000000000000000000s"), 500ms);
  EXPECT_EQ(*ParseDuration("876000h"), kMaxDuration);
}

TEST(UnitsTest, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "1.s", ".5s", "1..5s", "10 s", "10S", "1d", "1s1m", "1s1s",
                           "+1s", "1e3s", "1s ", "1.5", "ten"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(UnitsTest, SaysWhatIsWrongWithADuration) {
  EXPECT_EQ(DurationError("ten"), fmt::format("not a duration{}", kDurationHelp));
  EXPECT_EQ(DurationError("10"), fmt::format("a duration needs a unit{}", kDurationHelp));
  EXPECT_EQ(DurationError("-1s"), fmt::format("a duration cannot be negative{}", kDurationHelp));
  EXPECT_EQ(DurationError("0.1234us"), fmt::format("is finer than a nanosecond{}", kDurationHelp));
  EXPECT_EQ(DurationError("876000h1us"), "is too long; at most '876000h'");
  EXPECT_EQ(DurationError("99999999999999999999s"), "is too long; at most '876000h'");
}

TEST(UnitsTest, ReadsByteSizes) {
  EXPECT_EQ(*ParseByteSize("0"), 0);
  EXPECT_EQ(*ParseByteSize("65536"), 65536);
  EXPECT_EQ(*ParseByteSize("64KiB"), 65536);
  EXPECT_EQ(*ParseByteSize("1MiB"), 1 << 20);
  EXPECT_EQ(*ParseByteSize("2GiB"), uint64_t{2} << 30);
  EXPECT_EQ(*ParseByteSize("3TiB"), uint64_t{3} << 40);
  EXPECT_EQ(*ParseByteSize("18446744073709551615"), UINT64_MAX);
}

TEST(UnitsTest, SaysWhatIsWrongWithASize) {
  EXPECT_EQ(SizeError("64KB"), "unknown unit 'KB'; did you mean 'KiB'?");
  EXPECT_EQ(SizeError("64k"), "unknown unit 'k'; did you mean 'KiB'?");
  EXPECT_EQ(SizeError("1mib"), "unknown unit 'mib'; did you mean 'MiB'?");
  EXPECT_EQ(SizeError("1 MiB"), fmt::format("not a size{}", kSizeHelp));
  EXPECT_EQ(SizeError("1kilo"), fmt::format("not a size{}", kSizeHelp));
  EXPECT_EQ(SizeError(""), fmt::format("not a size{}", kSizeHelp));
  EXPECT_EQ(SizeError("-1"), fmt::format("not a size{}", kSizeHelp));
  EXPECT_EQ(SizeError("1.5MiB"), fmt::format("a size is a whole number{}", kSizeHelp));
  const std::string_view too_large = "is too large for a number of bytes; write a smaller one";
  EXPECT_EQ(SizeError("18446744073709551616"), too_large);
  EXPECT_EQ(SizeError("16777216TiB"), too_large);
}

TEST(UnitsTest, PrintsTheShortestExactDuration) {
  EXPECT_EQ(FormatDuration(0s), "0s");
  EXPECT_EQ(FormatDuration(2h), "2h");
  EXPECT_EQ(FormatDuration(90min), "90m");
  EXPECT_EQ(FormatDuration(1500ms), "1500ms");
  EXPECT_EQ(FormatDuration(1us), "1us");
  EXPECT_EQ(FormatDuration(1ns), "0.001us");
}

TEST(UnitsTest, ReadsBackWhatItPrints) {
  for (const auto duration : std::initializer_list<std::chrono::nanoseconds>{
           1ns, 999ns, 1001ns, 1s + 1ns, 59s, 61min, kMaxDuration, kMaxDuration - 1ns}) {
    EXPECT_EQ(*ParseDuration(FormatDuration(duration)), duration);
  }
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{1023}, uint64_t{1} << 50,
                               (uint64_t{1} << 40) + 1024, UINT64_MAX}) {
    EXPECT_EQ(*ParseByteSize(FormatByteSize(bytes)), bytes);
  }
}

}  // namespace
}  // namespace culvert
