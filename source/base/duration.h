// Durations of the config as the program uses them.
#ifndef CULVERT_SOURCE_BASE_DURATION_H_
#define CULVERT_SOURCE_BASE_DURATION_H_

#include <google/protobuf/duration.pb.h>

#include "source/base/time.h"

namespace culvert {

// What the field says, or `fallback` where the config does not have it. Longer than Duration can
// hold: no end.
inline Duration DurationOr(bool present, const google::protobuf::Duration& value,
                           Duration fallback) {
  if (!present) return fallback;
  if (value.seconds() > Duration::max().count() / 1'000'000'000 - 1) return Duration::max();
  return std::chrono::seconds(value.seconds()) + std::chrono::nanoseconds(value.nanos());
}

}  // namespace culvert

#endif  // CULVERT_SOURCE_BASE_DURATION_H_
