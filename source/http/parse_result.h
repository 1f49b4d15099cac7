// What the incremental parsers of this folder answer: a state, how far they got, and why they
// refused. Plain values, owned by whoever called; any thread.
#ifndef CULVERT_SOURCE_HTTP_PARSE_RESULT_H_
#define CULVERT_SOURCE_HTTP_PARSE_RESULT_H_

#include <cstddef>
#include <string_view>

namespace culvert::http {

enum class ParseState {
  kNeedMore,
  kDone,
  kError,
};

struct ParseResult {
  ParseState state;
  // Bytes of this call that belong to the message. What follows them is the caller's: a body, the
  // next pipelined request, or a tunnel's first bytes.
  size_t consumed;
};

// Why a message was refused. Its connection has to be closed: where the next message starts is not
// known.
struct Refusal {
  // The HTTP status to answer with.
  int status = 0;
  // Short, for logs and bodies; a literal, and never a quote of the peer's bytes.
  std::string_view reason;
};

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_PARSE_RESULT_H_
