// Numbers as people read them: sizes, rates, ages, times. Pure; any thread.
#ifndef CULVERT_SOURCE_CTL_HUMAN_H_
#define CULVERT_SOURCE_CTL_HUMAN_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace culvert::ctl {

using WallTime = std::chrono::system_clock::time_point;

// `0B`, `1023B`, `1.5KiB`, `12MiB`: at most 7 characters.
std::string HumanSize(double bytes);

// The same in at most 5: `1023B`, `1.5K`, `12M`.
std::string ShortSize(double bytes);

// `1.5KiB/s`
std::string HumanRate(double bytes_per_second);

// `12345`, `12.3k`, `1.2M`: a count or a rate of anything, in at most 6 characters.
std::string HumanNumber(double number);

// The two largest units: `0s`, `59s`, `2m05s`, `3h12m`, `15d4h`. Nothing is rounded up; a negative
// duration is 0s.
std::string HumanAge(std::chrono::nanoseconds age);

// `2026-01-31 12:00:00`, in UTC.
std::string HumanTime(const google::protobuf::Timestamp& time);

WallTime ToWallTime(const google::protobuf::Timestamp& time);
google::protobuf::Duration ToProto(std::chrono::nanoseconds duration);

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_HUMAN_H_
