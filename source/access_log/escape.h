// Makes any bytes safe to stand in a log line: nothing that a peer sends can end the line, hide a
// part of it or grow it without bound. Pure.
#ifndef CULVERT_SOURCE_ACCESS_LOG_ESCAPE_H_
#define CULVERT_SOURCE_ACCESS_LOG_ESCAPE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace culvert::access_log {

// Longer values are cut at a character's end, and `...` is put in place of the rest.
inline constexpr size_t kMaxValueSize = 2048;

// Appends a JSON string (RFC 8259 section 7) with its quotes. Bytes that are not UTF-8 become
// U+FFFD. Beyond what the RFC wants, characters that break or reorder a line on a screen are
// escaped: C1, U+2028, U+202E and the like.
void AppendJsonString(std::string_view value, std::string& out);

// Appends a value that ends at the next space: as it is when it is plain printable ASCII, else in
// double quotes with \" \\ \n \r \t, \xNN for control characters and bytes that are not UTF-8,
// \uNNNN for other characters that a line must not hold. Nothing at all is `-`.
void AppendTextValue(std::string_view value, std::string& out);

}  // namespace culvert::access_log

#endif  // CULVERT_SOURCE_ACCESS_LOG_ESCAPE_H_
