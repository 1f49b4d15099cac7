#include "source/http/framing.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "source/http/syntax.h"

namespace culvert::http {
namespace {

std::optional<uint64_t> ParseLength(std::string_view text) {
  uint64_t length = 0;
  const char* const end = text.data() + text.size();
  // For an unsigned type from_chars takes digits alone: no sign, no space, no prefix.
  const auto [stop, error] = std::from_chars(text.data(), end, length);
  if (error != std::errc() || stop != end) return std::nullopt;
  return length;
}

std::optional<Refusal> CheckTransferEncoding(std::string_view value) {
  size_t codings = 0;
  size_t chunked = 0;
  bool chunked_last = false;
  ForEachListItem(value, [&](std::string_view item) {
    chunked_last = EqualsIgnoreCase(item, "chunked");
    chunked += chunked_last ? 1 : 0;
    ++codings;
  });
  if (!chunked_last) return Refusal{400, "Transfer-Encoding does not end in chunked"};
  if (chunked > 1) return Refusal{400, "Transfer-Encoding has chunked twice"};
  if (codings > 1) return Refusal{501, "Transfer-Encoding has an unknown coding"};
  // One coding with commas about it: correct, but only written by those who hope that others
  // misread it.
  if (!EqualsIgnoreCase(value, "chunked")) {
    return Refusal{400, "Transfer-Encoding has empty elements"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> ReadFraming(const MessageHead& head, int minor_version,
                                   BodyFraming& framing) {
  framing = {};
  const auto transfer_encoding = head.Find("Transfer-Encoding");
  const auto content_length = head.Find("Content-Length");
  if (transfer_encoding && content_length) {
    return Refusal{400, "both Content-Length and Transfer-Encoding"};
  }
  if (transfer_encoding) {
    if (minor_version == 0) return Refusal{400, "Transfer-Encoding in HTTP/1.0"};
    if (head.Count("Transfer-Encoding") > 1) return Refusal{400, "repeated Transfer-Encoding"};
    if (const auto refusal = CheckTransferEncoding(*transfer_encoding)) return refusal;
    framing.kind = BodyFraming::Kind::kChunked;
  }
  if (content_length) {
    if (head.Count("Content-Length") > 1) return Refusal{400, "repeated Content-Length"};
    const auto length = ParseLength(*content_length);
    if (!length) return Refusal{400, "invalid Content-Length"};
    framing = {.kind = BodyFraming::Kind::kContentLength, .length = *length};
  }
  return std::nullopt;
}

bool ReadKeepAlive(const MessageHead& head, int minor_version) {
  if (head.HasListToken("Connection", "close")) return false;
  return minor_version >= 1 || head.HasListToken("Connection", "keep-alive");
}

}  // namespace culvert::http
