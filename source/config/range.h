// The values that a number field may have: those of its type, narrowed by its rules. Pure, for any
// thread.
#ifndef CULVERT_SOURCE_CONFIG_RANGE_H_
#define CULVERT_SOURCE_CONFIG_RANGE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "google/protobuf/descriptor.h"

namespace culvert::config {

struct Range {
  int64_t minimum = 0;
  uint64_t maximum = 0;

  // Safe for any two integer types, unlike operator<.
  template <typename Integer>
  bool Contains(Integer value) const {
    return std::cmp_greater_equal(value, minimum) && std::cmp_less_equal(value, maximum);
  }
};

// `field` is of an integer type.
Range RangeOf(const google::protobuf::FieldDescriptor& field);

// `out of range; write a number from 0 to 256`, with units for byte sizes.
std::string OutOfRange(const google::protobuf::FieldDescriptor& field);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_RANGE_H_
