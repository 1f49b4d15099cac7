// Where a message ends and whether its connection goes on after it (RFC 9112, 6 and 9.3). Ambiguity
// here is request smuggling, so nothing is guessed: what could be read in two ways is refused.
// Pure; any thread.
#ifndef CULVERT_SOURCE_HTTP_FRAMING_H_
#define CULVERT_SOURCE_HTTP_FRAMING_H_

#include <optional>

#include "source/http/message.h"
#include "source/http/parse_result.h"

namespace culvert::http {

// Reads Content-Length and Transfer-Encoding into `framing`; kNone if there is neither. Refuses
// (400) both together, a length that is repeated, a list, signed, no number or over 2^64-1, any
// Transfer-Encoding in HTTP/1.0, and one whose only and last `chunked` is not at its end; 501 for
// other codings before that.
std::optional<Refusal> ReadFraming(const MessageHead& head, int minor_version,
                                   BodyFraming& framing);

// What version and Connection say together; `close` wins over `keep-alive`.
bool ReadKeepAlive(const MessageHead& head, int minor_version);

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_FRAMING_H_
