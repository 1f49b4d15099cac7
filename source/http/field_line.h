// One line of a header or trailer section (RFC 9112, 5), read with no leniency.
// Pure; any thread.
#ifndef CULVERT_SOURCE_HTTP_FIELD_LINE_H_
#define CULVERT_SOURCE_HTTP_FIELD_LINE_H_

#include <optional>
#include <string_view>

#include "source/http/message.h"
#include "source/http/parse_result.h"

namespace culvert::http {

// Reads a line without its CRLF into `field`, as views into it. Refuses (400) a line that starts
// with whitespace (obs-fold), a name that is no token or has whitespace before the colon, and
// control characters in the value, a bare CR among them.
std::optional<Refusal> ParseFieldLine(std::string_view line, HeaderField& field);

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_FIELD_LINE_H_
