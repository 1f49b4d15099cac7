// Turns a record into one line of the access log. Pure: a record in, text out.
#ifndef CULVERT_SOURCE_ACCESS_LOG_FORMATTER_H_
#define CULVERT_SOURCE_ACCESS_LOG_FORMATTER_H_

#include <cstddef>
#include <string>

#include "source/access_log/record.h"

namespace culvert::access_log {

enum class Format {
  // One JSON object (RFC 8259), its fields always in the same order.
  kJson,
  // For people: time, listener, remote address, identity, method, target and status (`-` for what
  // is missing), then
  // the same fields as in JSON as `name=value`; a field with several values is there several times.
  kText,
};

// Groups and certificate names beyond this many are left out.
inline constexpr size_t kMaxListItems = 32;

// Appends the line and its newline, the only one in it. Times are UTC (RFC 3339) with milliseconds,
// durations milliseconds with three decimals, sizes bytes.
void AppendLine(Format format, const Record& record, std::string& out);

}  // namespace culvert::access_log

#endif  // CULVERT_SOURCE_ACCESS_LOG_FORMATTER_H_
