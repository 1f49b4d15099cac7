// What differs between two configs, by name and field, and as text. Pure functions, for any thread.
#ifndef CULVERT_SOURCE_CONFIG_DIFF_H_
#define CULVERT_SOURCE_CONFIG_DIFF_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"

namespace culvert::config {

struct Change {
  enum class Kind : uint8_t { kAdded, kRemoved, kChanged };
  Kind kind = Kind::kChanged;
  // `listener`, `cluster`, `identity_provider`, `access_log` or `process`.
  std::string what;
  // Of what has one; `process` and `access_log` have none, and are never more than changed.
  std::string name;
  // Of kChanged: where it differs, relative to the thing, as field_path.h writes paths:
  // `filters[0].tls_terminate.certificates[0]`. Of very many the first, and `...`.
  std::vector<std::string> fields;

  friend bool operator==(const Change&, const Change&) = default;
};

// Things are told apart by name, so one that only moved has not changed. In the order of `after`,
// what was removed last.
std::vector<Change> Compare(const v1::Config& before, const v1::Config& after);

// The innermost fields in which two messages of one type differ; looks into Any. Items that were
// added to a list have their index in `after`, those that were removed that in `before`.
std::vector<std::string> DifferingFields(const google::protobuf::Message& before,
                                         const google::protobuf::Message& after);

// A unified diff (three lines of context); empty where the texts are the same.
std::string UnifiedDiff(std::string_view before, std::string_view after,
                        std::string_view before_name, std::string_view after_name);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_DIFF_H_
