// The target of a request line (RFC 9112, 3.2): which of the four forms, for whom, which path.
// Pure; any thread.
#ifndef CULVERT_SOURCE_HTTP_REQUEST_TARGET_H_
#define CULVERT_SOURCE_HTTP_REQUEST_TARGET_H_

#include <optional>
#include <string_view>

#include "source/http/message.h"
#include "source/http/parse_result.h"

namespace culvert::http {

// Establishes `target_form`, `path`, `host` and `authority` of `request` from its method, target
// and Host fields. Refuses (400) a form that the method may not have, an authority with userinfo or
// without a host, CONNECT without a port, a Host that is repeated, invalid, missing in HTTP/1.1 or
// another than the authority of an absolute target. The Host of CONNECT is not compared: many
// clients leave its port out.
std::optional<Refusal> ReadTarget(RequestHead& request);

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_REQUEST_TARGET_H_
