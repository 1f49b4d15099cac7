#include "source/config/range.h"

#include <algorithm>
#include <limits>

#include "fmt/format.h"
#include "source/base/units.h"
#include "source/config/schema.h"

namespace culvert::config {
namespace {

namespace pb = google::protobuf;

template <typename Integer>
constexpr Range TypeRange() {
  return {static_cast<int64_t>(std::numeric_limits<Integer>::min()),
          static_cast<uint64_t>(std::numeric_limits<Integer>::max())};
}

Range TypeRange(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return TypeRange<int32_t>();
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return TypeRange<uint32_t>();
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return TypeRange<int64_t>();
    default:
      return TypeRange<uint64_t>();
  }
}

}  // namespace

Range RangeOf(const pb::FieldDescriptor& field) {
  Range range = TypeRange(field);
  const v1::FieldRules& rules = RulesOf(field);
  if (rules.has_minimum()) range.minimum = std::max(range.minimum, int64_t{rules.minimum()});
  if (rules.has_maximum() && std::cmp_less(rules.maximum(), range.maximum)) {
    range.maximum = static_cast<uint64_t>(std::max(int64_t{rules.maximum()}, int64_t{0}));
  }
  return range;
}

std::string OutOfRange(const pb::FieldDescriptor& field) {
  const Range range = RangeOf(field);
  if (RulesOf(field).byte_size()) {
    return fmt::format("out of range; write a size from {} to {}",
                       FormatByteSize(static_cast<uint64_t>(range.minimum)),
                       FormatByteSize(range.maximum));
  }
  return fmt::format("out of range; write a number from {} to {}", range.minimum, range.maximum);
}

}  // namespace culvert::config
