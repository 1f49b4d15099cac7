#include "source/http/http1_request_parser.h"

#include <utility>

#include "source/http/framing.h"
#include "source/http/request_target.h"
#include "source/http/syntax.h"

namespace culvert::http {
namespace {

constexpr Refusal kNoRequestLine{400, "not an HTTP request line"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// RFC 9112, 2.3.
std::optional<Refusal> ReadVersion(std::string_view text, int& minor_version) {
  if (text.size() != 8 || !text.starts_with("HTTP/") || !IsDigit(text[5]) || text[6] != '.' ||
      !IsDigit(text[7])) {
    return kNoRequestLine;
  }
  if (text[5] != '1' || text[7] > '1') return Refusal{505, "only HTTP/1.0 and HTTP/1.1 are spoken"};
  minor_version = text[7] - '0';
  return std::nullopt;
}

// RFC 9110, 10.1.1. HTTP/1.0 knows no expectations.
std::optional<Refusal> ReadExpect(RequestHead& head) {
  if (head.minor_version == 0) return std::nullopt;
  bool expected = false;
  bool unknown = false;
  for (const HeaderField& field : head.fields) {
    if (!EqualsIgnoreCase(field.name, "Expect")) continue;
    ForEachListItem(field.value, [&](std::string_view item) {
      (EqualsIgnoreCase(item, "100-continue") ? expected : unknown) = true;
    });
  }
  if (unknown) return Refusal{417, "unknown expectation"};
  head.expect_continue = expected && head.framing.has_body();
  return std::nullopt;
}

}  // namespace

ParseResult Http1RequestParser::Feed(std::span<const char> bytes) {
  if (state_ != ParseState::kNeedMore) return {state_, 0};
  std::span<const char> rest = bytes;
  if (const auto refusal = Run(rest)) {
    refusal_ = *refusal;
    state_ = ParseState::kError;
  }
  return {state_, bytes.size() - rest.size()};
}

RequestHead Http1RequestParser::TakeHead() {
  state_ = ParseState::kNeedMore;
  skipped_line_end_ = false;
  return std::exchange(head_, {});
}

std::optional<Refusal> Http1RequestParser::Run(std::span<const char>& bytes) {
  if (reader_.empty()) {
    if (const auto refusal = SkipLeadingLineEnd(bytes)) return refusal;
    // Said at once to what is no HTTP at all, such as a TLS hello on a plain port.
    if (!bytes.empty() && !IsTokenChar(bytes.front())) return kNoRequestLine;
  }
  while (true) {
    switch (reader_.Next(bytes)) {
      case HeadReader::Event::kNeedMore:
        return std::nullopt;
      case HeadReader::Event::kRefused:
        return reader_.refusal();
      case HeadReader::Event::kStartLine:
        if (const auto refusal = ReadRequestLine(reader_.start_line())) return refusal;
        break;
      case HeadReader::Event::kEnd:
        return FinishHead();
    }
  }
}

// One empty line before a request is let pass, for old clients that end a body with it (RFC
// 9112, 2.2).
std::optional<Refusal> Http1RequestParser::SkipLeadingLineEnd(std::span<const char>& bytes) {
  if (!skipped_line_end_ && !saw_cr_ && !bytes.empty() && bytes.front() == '\r') {
    saw_cr_ = true;
    bytes = bytes.subspan(1);
  }
  if (!saw_cr_ || bytes.empty()) return std::nullopt;
  if (bytes.front() != '\n') return Refusal{400, "CR without LF"};
  saw_cr_ = false;
  skipped_line_end_ = true;
  bytes = bytes.subspan(1);
  return std::nullopt;
}

std::optional<Refusal> Http1RequestParser::ReadRequestLine(std::string_view line) {
  const size_t method_end = line.find(' ');
  const size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || method_end == target_end) return kNoRequestLine;

  const std::string_view method = line.substr(0, method_end);
  const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
  if (!IsToken(method)) return Refusal{400, "the method is no token"};
  if (const auto refusal = ReadVersion(line.substr(target_end + 1), request_line_.minor_version)) {
    return refusal;
  }
  if (target.size() > limits_.max_target_size) {
    return Refusal{414, "the request target is too long"};
  }
  if (!IsTargetText(target)) {
    return Refusal{400, "the request target has a character that none may have"};
  }
  request_line_.method_size = method.size();
  request_line_.target_size = target.size();
  return std::nullopt;
}

std::optional<Refusal> Http1RequestParser::FinishHead() {
  static_cast<MessageHead&>(head_) = reader_.Take();
  head_.method = head_.start_line.substr(0, request_line_.method_size);
  head_.target = head_.start_line.substr(request_line_.method_size + 1, request_line_.target_size);
  head_.minor_version = request_line_.minor_version;
  head_.keep_alive = ReadKeepAlive(head_, head_.minor_version);

  if (const auto refusal = ReadTarget(head_)) return refusal;
  if (const auto refusal = ReadFraming(head_, head_.minor_version, head_.framing)) return refusal;
  if (head_.target_form == TargetForm::kAuthority) {
    // What follows CONNECT is the tunnel (RFC 9110, 9.3.6); a body before it would be read as
    // either.
    if (head_.framing.has_body()) return Refusal{400, "CONNECT with a body"};
    head_.framing = {};
  }
  if (const auto refusal = ReadExpect(head_)) return refusal;
  state_ = ParseState::kDone;
  return std::nullopt;
}

}  // namespace culvert::http
