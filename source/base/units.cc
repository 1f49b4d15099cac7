#include "source/base/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "fmt/format.h"
#include "source/base/status.h"

namespace culvert {
namespace {

constexpr std::string_view kDurationHelp =
    "write a duration such as '10s', '1.5s', '250ms', '1h' or '2m30s'";
constexpr std::string_view kByteSizeHelp =
    "write a size such as '65536', '64KiB', '1MiB' or '2GiB'";

struct Unit {
  std::string_view name;
  int64_t factor;
};

// From large to small: the order in which a duration names them.
constexpr std::array<Unit, 5> kTimeUnits = {{{"h", 3'600'000'000'000},
                                             {"m", 60'000'000'000},
                                             {"s", 1'000'000'000},
                                             {"ms", 1'000'000},
                                             {"us", 1'000}}};
constexpr std::array<Unit, 4> kSizeUnits = {
    {{"TiB", int64_t{1} << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}};

constexpr int64_t kMaxNanoseconds = std::chrono::nanoseconds(kMaxDuration).count();

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Splits the characters that `belongs` accepts from the front of `text`.
template <typename Predicate>
std::string_view TakeWhile(std::string_view& text, Predicate belongs) {
  size_t length = 0;
  while (length < text.size() && belongs(text[length])) ++length;
  std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

template <size_t N>
size_t FindUnit(const std::array<Unit, N>& units, std::string_view name) {
  size_t i = 0;
  while (i < N && units[i].name != name) ++i;
  return i;
}

absl::Status NotADuration(std::string_view what) {
  return InvalidArgument(fmt::format("{}; {}", what, kDurationHelp));
}

absl::Status TooLong() {
  return InvalidArgument(fmt::format("is too long; at most '{}h'", kMaxDuration.count()));
}

// `whole`.`fraction` units of `factor` nanoseconds each.
absl::StatusOr<int64_t> ToNanoseconds(std::string_view whole, std::string_view fraction,
                                      int64_t factor) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), count);
  if (error != std::errc() || count > kMaxNanoseconds / factor) return TooLong();
  int64_t nanoseconds = count * factor;
  for (char digit : fraction) {
    if (factor % 10 != 0 && digit != '0') return NotADuration("is finer than a nanosecond");
    factor /= 10;
    nanoseconds += (digit - '0') * factor;
  }
  return nanoseconds;
}

// "KB", "kib", "k": the unit that was probably meant.
std::optional<std::string_view> MeantSizeUnit(std::string_view unit) {
  for (const Unit& known : kSizeUnits) {
    std::string_view rest = unit;
    if (ToLower(unit.front()) != ToLower(known.name.front())) continue;
    rest.remove_prefix(1);
    if (rest.empty() || rest == "B" || rest == "b" || rest == "i" || rest == "ib") {
      return known.name;
    }
  }
  return std::nullopt;
}

absl::StatusOr<int64_t> SizeFactor(std::string_view unit) {
  if (unit.empty()) return 1;
  if (const size_t index = FindUnit(kSizeUnits, unit); index < kSizeUnits.size()) {
    return kSizeUnits[index].factor;
  }
  if (const auto meant = MeantSizeUnit(unit)) {
    return InvalidArgument(fmt::format("unknown unit '{}'; did you mean '{}'?", unit, *meant));
  }
  return InvalidArgument(fmt::format("not a size; {}", kByteSizeHelp));
}

}  // namespace

absl::StatusOr<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
  if (text.starts_with('-')) return NotADuration("a duration cannot be negative");
  if (text.empty()) return NotADuration("not a duration");
  int64_t total = 0;
  size_t next_unit = 0;
  while (!text.empty()) {
    const std::string_view whole = TakeWhile(text, IsDigit);
    std::string_view fraction;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      fraction = TakeWhile(text, IsDigit);
      if (fraction.empty()) return NotADuration("not a duration");
    }
    if (whole.empty()) return NotADuration("not a duration");
    const std::string_view name = TakeWhile(text, [](char c) { return !IsDigit(c) && c != '.'; });
    if (name.empty()) return NotADuration("a duration needs a unit");
    const size_t unit = FindUnit(kTimeUnits, name);
    if (unit == kTimeUnits.size() || unit < next_unit) return NotADuration("not a duration");
    next_unit = unit + 1;
    const auto part = ToNanoseconds(whole, fraction, kTimeUnits[unit].factor);
    if (!part.ok()) return part.status();
    total += *part;
    if (total > kMaxNanoseconds) return TooLong();
  }
  return std::chrono::nanoseconds(total);
}

absl::StatusOr<uint64_t> ParseByteSize(std::string_view text) {
  const std::string_view digits = TakeWhile(text, IsDigit);
  if (digits.empty()) return InvalidArgument(fmt::format("not a size; {}", kByteSizeHelp));
  if (text.starts_with('.')) {
    return InvalidArgument(fmt::format("a size is a whole number; {}", kByteSizeHelp));
  }
  const auto factor = SizeFactor(text);
  if (!factor.ok()) return factor.status();
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || count > std::numeric_limits<uint64_t>::max() / *factor) {
    return InvalidArgument("is too large for a number of bytes; write a smaller one");
  }
  return count * *factor;
}

std::string FormatDuration(std::chrono::nanoseconds duration) {
  const int64_t count = duration.count();
  if (count == 0) return "0s";
  for (const Unit& unit : kTimeUnits) {
    if (count % unit.factor == 0) return fmt::format("{}{}", count / unit.factor, unit.name);
  }
  return fmt::format("{}.{:03}us", count / 1000, count % 1000);
}

std::string FormatByteSize(uint64_t bytes) {
  for (const Unit& unit : kSizeUnits) {
    if (bytes != 0 && bytes % unit.factor == 0) {
      return fmt::format("{}{}", bytes / unit.factor, unit.name);
    }
  }
  return fmt::format("{}", bytes);
}

}  // namespace culvert
