#include "source/http/http1_response_parser.h"

#include <utility>

#include "source/http/framing.h"
#include "source/http/syntax.h"

namespace culvert::http {
namespace {

struct StatusLine {
  int minor_version;
  int status;
  std::string_view reason;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// RFC 9112, 4. The space before an empty reason may be missing, as it is in what many servers send.
std::optional<StatusLine> ParseStatusLine(std::string_view line) {
  constexpr size_t kStatusBegin = 9;
  constexpr size_t kStatusEnd = 12;
  if (line.size() < kStatusEnd) return std::nullopt;
  if (!line.starts_with("HTTP/1.0 ") && !line.starts_with("HTTP/1.1 ")) return std::nullopt;

  int status = 0;
  for (char c : line.substr(kStatusBegin, kStatusEnd - kStatusBegin)) {
    if (!IsDigit(c)) return std::nullopt;
    status = 10 * status + (c - '0');
  }
  if (status < 100 || status > 599) return std::nullopt;

  std::string_view reason = line.substr(kStatusEnd);
  if (!reason.empty() && reason.front() != ' ') return std::nullopt;
  if (!IsFieldValue(reason)) return std::nullopt;
  return StatusLine{line[7] - '0', status, TrimWhitespace(reason)};
}

}  // namespace

Http1ResponseParser::Http1ResponseParser(std::string_view request_method, const HeadLimits& limits)
    : to_head_(request_method == "HEAD"),
      to_connect_(request_method == "CONNECT"),
      reader_(limits) {}

ParseResult Http1ResponseParser::Feed(std::span<const char> bytes) {
  if (state_ != ParseState::kNeedMore) return {state_, 0};
  std::span<const char> rest = bytes;
  if (const auto refusal = Run(rest)) {
    refusal_ = {.status = 502, .reason = refusal->reason};
    state_ = ParseState::kError;
  }
  return {state_, bytes.size() - rest.size()};
}

ResponseHead Http1ResponseParser::TakeHead() {
  state_ = ParseState::kNeedMore;
  return std::exchange(head_, {});
}

std::optional<Refusal> Http1ResponseParser::Run(std::span<const char>& bytes) {
  constexpr Refusal kNoStatusLine{502, "not an HTTP status line"};
  if (reader_.empty() && !bytes.empty() && bytes.front() != 'H') return kNoStatusLine;
  while (true) {
    switch (reader_.Next(bytes)) {
      case HeadReader::Event::kNeedMore:
        return std::nullopt;
      case HeadReader::Event::kRefused:
        return reader_.refusal();
      case HeadReader::Event::kStartLine:
        if (!ParseStatusLine(reader_.start_line())) return kNoStatusLine;
        break;
      case HeadReader::Event::kEnd:
        return FinishHead();
    }
  }
}

std::optional<Refusal> Http1ResponseParser::FinishHead() {
  static_cast<MessageHead&>(head_) = reader_.Take();
  const StatusLine line = *ParseStatusLine(head_.start_line);
  head_.status = line.status;
  head_.reason = line.reason;
  head_.minor_version = line.minor_version;
  head_.keep_alive = ReadKeepAlive(head_, head_.minor_version);
  state_ = ParseState::kDone;

  // RFC 9112, 6.3, in its order. A tunnel ignores both length fields, so they are not even looked
  // at.
  if (to_connect_ && head_.status / 100 == 2) return std::nullopt;
  if (const auto refusal = ReadFraming(head_, head_.minor_version, head_.framing)) return refusal;
  if (to_head_ || head_.status < 200 || head_.status == 204 || head_.status == 304) {
    head_.framing = {};
  } else if (head_.framing.kind == BodyFraming::Kind::kNone) {
    head_.framing.kind = BodyFraming::Kind::kUntilClose;
    head_.keep_alive = false;
  }
  return std::nullopt;
}

}  // namespace culvert::http
