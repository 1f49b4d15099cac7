#include "source/ctl/human.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <span>
#include <string_view>

namespace culvert::ctl {
namespace {

// `number` in the largest unit that it has one of: with one decimal below 10, else without. Cut,
// not rounded: 1023.9 must not become 1024.
std::string Scale(double number, double base, std::span<const std::string_view> units) {
  size_t unit = 0;
  while (number >= base && unit + 1 < units.size()) {
    number /= base;
    ++unit;
  }
  if (unit == 0 || number >= 10) return fmt::format("{:.0f}{}", std::floor(number), units[unit]);
  return fmt::format("{:.1f}{}", std::floor(number * 10) / 10, units[unit]);
}

}  // namespace

std::string HumanSize(double bytes) {
  static constexpr std::array<std::string_view, 7> kUnits = {"B",   "KiB", "MiB", "GiB",
                                                             "TiB", "PiB", "EiB"};
  return Scale(std::max(bytes, 0.0), 1024, kUnits);
}

std::string ShortSize(double bytes) {
  static constexpr std::array<std::string_view, 7> kUnits = {"B", "K", "M", "G", "T", "P", "E"};
  return Scale(std::max(bytes, 0.0), 1024, kUnits);
}

std::string HumanRate(double bytes_per_second) { return HumanSize(bytes_per_second) + "/s"; }

std::string HumanNumber(double number) {
  static constexpr std::array<std::string_view, 7> kUnits = {"", "k", "M", "G", "T", "P", "E"};
  if (number < 0) return "-" + HumanNumber(-number);
  if (number != std::floor(number) && number < 1000) return fmt::format("{:.1f}", number);
  if (number < 100'000) return fmt::format("{:.0f}", std::floor(number));
  return Scale(number, 1000, kUnits);
}

std::string HumanAge(std::chrono::nanoseconds age) {
  const int64_t seconds = std::max<int64_t>(0, age / std::chrono::seconds(1));
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{}h", seconds / 86400, seconds / 3600 % 24);
}

std::string HumanTime(const google::protobuf::Timestamp& time) {
  const std::time_t seconds = time.seconds();
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return fmt::format("{}s", time.seconds());
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

WallTime ToWallTime(const google::protobuf::Timestamp& time) {
  const auto since_epoch =
      std::chrono::seconds(time.seconds()) + std::chrono::nanoseconds(time.nanos());
  return WallTime(std::chrono::duration_cast<WallTime::duration>(since_epoch));
}

google::protobuf::Duration ToProto(std::chrono::nanoseconds duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(duration / std::chrono::seconds(1));
  proto.set_nanos(static_cast<int32_t>((duration % std::chrono::seconds(1)).count()));
  return proto;
}

}  // namespace culvert::ctl
