// The clock of everything that waits, and the way to say "until when".
#ifndef CULVERT_SOURCE_BASE_TIME_H_
#define CULVERT_SOURCE_BASE_TIME_H_

#include <chrono>

namespace culvert {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::nanoseconds;

// A deadline that never comes.
inline constexpr TimePoint kNever = TimePoint::max();

// `start + duration`, and kNever where that would overflow or either is endless.
inline TimePoint After(TimePoint start, Duration duration) {
  if (duration == Duration::max() || start > kNever - duration) return kNever;
  return start + duration;
}

}  // namespace culvert

#endif  // CULVERT_SOURCE_BASE_TIME_H_
