// The incremental parser of HTTP/1.1 response heads (RFC 9112), as strict as the one for requests.
// Owned by one exchange on an outgoing connection, on its worker: what a response means hangs on
// its request.
#ifndef CULVERT_SOURCE_HTTP_HTTP1_RESPONSE_PARSER_H_
#define CULVERT_SOURCE_HTTP_HTTP1_RESPONSE_PARSER_H_

#include <optional>
#include <span>
#include <string_view>

#include "source/http/head_reader.h"
#include "source/http/message.h"
#include "source/http/parse_result.h"

namespace culvert::http {

class Http1ResponseParser {
 public:
  // `request_method` is the method of the request that is answered; it is not kept.
  explicit Http1ResponseParser(std::string_view request_method, const HeadLimits& limits = {});

  // Takes bytes up to the end of the head and none behind it. After kDone the head has to be taken
  // before more is fed; kError is final.
  ParseResult Feed(std::span<const char> bytes);

  // After kError. The status is always 502: the fault is not the client's.
  const Refusal& refusal() const { return refusal_; }

  // After kDone: hands over the head. If it is an interim one, the parser is ready for the next.
  ResponseHead TakeHead();

 private:
  std::optional<Refusal> Run(std::span<const char>& bytes);
  std::optional<Refusal> FinishHead();

  bool to_head_;
  bool to_connect_;
  HeadReader reader_;
  ResponseHead head_;
  ParseState state_ = ParseState::kNeedMore;
  Refusal refusal_;
};

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_HTTP1_RESPONSE_PARSER_H_
