// Times of the program as messages have them. Pure functions, for any thread.
#ifndef CULVERT_SOURCE_ADMIN_TIME_MESSAGES_H_
#define CULVERT_SOURCE_ADMIN_TIME_MESSAGES_H_

#include <google/protobuf/timestamp.pb.h>

#include <chrono>

namespace culvert::admin {

inline google::protobuf::Timestamp ToTimestamp(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds.time_since_epoch().count());
  timestamp.set_nanos(
      static_cast<int32_t>(std::chrono::nanoseconds(time - seconds).count()));  // never negative
  return timestamp;
}

}  // namespace culvert::admin

#endif  // CULVERT_SOURCE_ADMIN_TIME_MESSAGES_H_
