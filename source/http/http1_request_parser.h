// The incremental parser of HTTP/1.1 request heads (RFC 9112), which refuses whatever two readers
// could understand in two ways. Owned by one connection, on its worker; used again for each of its
// requests.
#ifndef CULVERT_SOURCE_HTTP_HTTP1_REQUEST_PARSER_H_
#define CULVERT_SOURCE_HTTP_HTTP1_REQUEST_PARSER_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "source/http/head_reader.h"
#include "source/http/message.h"
#include "source/http/parse_result.h"

namespace culvert::http {

class Http1RequestParser {
 public:
  explicit Http1RequestParser(const HeadLimits& limits = {}) : limits_(limits), reader_(limits) {}

  // Takes bytes up to the end of the head and none behind it. How the input is cut changes neither
  // the result nor, in order, the cost. After kDone the head has to be taken before more is fed;
  // kError is final.
  ParseResult Feed(std::span<const char> bytes);

  // After kError: 400, 414, 417, 431, 501 or 505.
  const Refusal& refusal() const { return refusal_; }

  // A request has begun and its head has not ended: a connection that ends here was cut off.
  bool mid_head() const { return state_ == ParseState::kNeedMore && (!reader_.empty() || saw_cr_); }

  // After kDone: hands over the head; the parser is then ready for the next request.
  RequestHead TakeHead();

 private:
  struct RequestLine {
    size_t method_size = 0;
    size_t target_size = 0;
    int minor_version = 1;
  };

  std::optional<Refusal> SkipLeadingLineEnd(std::span<const char>& bytes);
  std::optional<Refusal> ReadRequestLine(std::string_view line);
  std::optional<Refusal> Run(std::span<const char>& bytes);
  std::optional<Refusal> FinishHead();

  HeadLimits limits_;
  HeadReader reader_;
  RequestLine request_line_;
  RequestHead head_;
  ParseState state_ = ParseState::kNeedMore;
  Refusal refusal_;
  bool saw_cr_ = false;
  bool skipped_line_end_ = false;
};

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_HTTP1_REQUEST_PARSER_H_
