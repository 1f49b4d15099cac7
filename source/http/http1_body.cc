#include "source/http/http1_body.h"

#include <algorithm>

#include "source/http/field_line.h"

namespace culvert::http {
namespace {

// What a uint64_t holds.
constexpr int kMaxSizeDigits = 16;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Http1BodyDecoder::Http1BodyDecoder(const BodyFraming& framing) {
  switch (framing.kind) {
    case BodyFraming::Kind::kNone:
      phase_ = Phase::kDone;
      break;
    case BodyFraming::Kind::kContentLength:
      phase_ = framing.length == 0 ? Phase::kDone : Phase::kPayload;
      remaining_ = framing.length;
      break;
    case BodyFraming::Kind::kChunked:
      phase_ = Phase::kChunkSize;
      break;
    case BodyFraming::Kind::kUntilClose:
      phase_ = Phase::kUntilClose;
      break;
  }
}

ParseState Http1BodyDecoder::state() const {
  if (phase_ == Phase::kDone) return ParseState::kDone;
  return phase_ == Phase::kError ? ParseState::kError : ParseState::kNeedMore;
}

Http1BodyDecoder::Piece Http1BodyDecoder::Decode(std::span<const char> bytes) {
  std::span<const char> rest = bytes;
  std::span<const char> payload;
  while (state() == ParseState::kNeedMore && !rest.empty() && payload.empty()) {
    if (in_payload()) {
      payload = TakePayload(rest);
      rest = rest.subspan(payload.size());
    } else if (phase_ == Phase::kTrailers) {
      ReadTrailers(rest);
    } else {
      ReadFramingByte(rest.front());
      rest = rest.subspan(1);
    }
  }
  return {state(), bytes.size() - rest.size(), payload};
}

std::span<const char> Http1BodyDecoder::TakePayload(std::span<const char> bytes) {
  if (phase_ == Phase::kUntilClose) return bytes;
  const size_t size = std::min<uint64_t>(remaining_, bytes.size());
  remaining_ -= size;
  if (remaining_ == 0) phase_ = phase_ == Phase::kPayload ? Phase::kDone : Phase::kChunkEnd;
  return bytes.first(size);
}

void Http1BodyDecoder::ReadFramingByte(char byte) {
  switch (phase_) {
    case Phase::kChunkSize:
      return ReadChunkSizeByte(byte);
    case Phase::kChunkSizeLineFeed:
      return Expect(byte, '\n', remaining_ == 0 ? Phase::kTrailers : Phase::kChunkPayload);
    case Phase::kChunkEnd:
      return Expect(byte, '\r', Phase::kChunkEndLineFeed);
    case Phase::kChunkEndLineFeed:
      return Expect(byte, '\n', Phase::kChunkSize);
    default:
      return;
  }
}

void Http1BodyDecoder::ReadChunkSizeByte(char byte) {
  if (byte == '\r' && size_digits_ > 0) {
    size_digits_ = 0;
    phase_ = Phase::kChunkSizeLineFeed;
    return;
  }
  if (byte == ';') return Refuse({400, "chunk extensions are not accepted"});
  const int digit = HexValue(byte);
  if (digit < 0) return Refuse({400, "invalid chunk size"});
  if (++size_digits_ > kMaxSizeDigits) return Refuse({400, "a chunk size has too many digits"});
  remaining_ = remaining_ * 16 + digit;
}

void Http1BodyDecoder::ReadTrailers(std::span<const char>& bytes) {
  switch (trailers_.Take(bytes)) {
    case LineBuffer::Event::kNeedMore:
      return;
    case LineBuffer::Event::kBareLineFeed:
      return Refuse({400, "a trailer line does not end in CRLF"});
    case LineBuffer::Event::kFull:
      return Refuse({431, "the trailers are too large"});
    case LineBuffer::Event::kLine:
      break;
  }
  if (trailers_.line().empty()) {
    phase_ = Phase::kDone;
    return;
  }
  HeaderField dropped;
  if (const auto refusal = ParseFieldLine(trailers_.line(), dropped)) Refuse(*refusal);
}

void Http1BodyDecoder::Expect(char byte, char expected, Phase next) {
  if (byte != expected) return Refuse({400, "a chunk is not delimited by CRLF"});
  phase_ = next;
}

void Http1BodyDecoder::Refuse(Refusal refusal) {
  refusal_ = refusal;
  phase_ = Phase::kError;
}

}  // namespace culvert::http
