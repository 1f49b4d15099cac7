// Durations and byte sizes as people write them: `1.5s`, `2m30s`, `64KiB`. Pure functions, for any
// thread.
#ifndef CULVERT_SOURCE_BASE_UNITS_H_
#define CULVERT_SOURCE_BASE_UNITS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace culvert {

// A hundred years. Longer durations are refused: added to a clock they would overflow.
constexpr std::chrono::hours kMaxDuration{876000};

// Reads numbers with the units h, m, s, ms and us, the larger first, each at most once: `10s`,
// `1.5s`, `2m30s`. The error says what is wrong and what to write, without repeating the text.
absl::StatusOr<std::chrono::nanoseconds> ParseDuration(std::string_view text);

// Reads a number of bytes: `65536`, or a whole number of KiB, MiB, GiB or TiB. Errors as above.
absl::StatusOr<uint64_t> ParseByteSize(std::string_view text);

// The shortest exact text that ParseDuration() takes back; `duration` is not negative.
std::string FormatDuration(std::chrono::nanoseconds duration);

// The shortest exact text that ParseByteSize() takes back.
std::string FormatByteSize(uint64_t bytes);

}  // namespace culvert

#endif  // CULVERT_SOURCE_BASE_UNITS_H_
