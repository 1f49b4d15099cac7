// The decoder of message bodies (RFC 9112, 6 and 7): bytes from the wire in, pieces of payload out,
// without a copy. Owned by one exchange, on its worker.
#ifndef CULVERT_SOURCE_HTTP_HTTP1_BODY_H_
#define CULVERT_SOURCE_HTTP_HTTP1_BODY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "source/http/line_buffer.h"
#include "source/http/message.h"
#include "source/http/parse_result.h"

namespace culvert::http {

class Http1BodyDecoder {
 public:
  // Bytes of a trailer section, its empty line included.
  static constexpr size_t kMaxTrailerSize = 8 * 1024;

  struct Piece {
    ParseState state;
    // Bytes of this call that belong to the body, its framing included.
    size_t consumed;
    // The payload among them: a view into the bytes that were given.
    std::span<const char> payload;
  };

  explicit Http1BodyDecoder(const BodyFraming& framing);

  // Decodes up to the end of the first piece of payload; to be called again with what was not
  // consumed, until nothing is left or the state is not kNeedMore. Refuses (400) chunk sizes that
  // are not 1 to 16 hexadecimal digits and CRLF, chunk extensions and chunks without CRLF behind
  // them. Trailers are held to the rules of header fields and then dropped; too many bytes of them
  // are refused with 431.
  Piece Decode(std::span<const char> bytes);

  ParseState state() const;
  // After kError.
  const Refusal& refusal() const { return refusal_; }
  // Whether the body is whole if the connection ends here.
  bool complete_at_end_of_stream() const {
    return phase_ == Phase::kDone || phase_ == Phase::kUntilClose;
  }

 private:
  enum class Phase {
    kPayload,
    kChunkSize,
    kChunkSizeLineFeed,
    kChunkPayload,
    kChunkEnd,
    kChunkEndLineFeed,
    kTrailers,
    kUntilClose,
    kDone,
    kError,
  };

  bool in_payload() const {
    return phase_ == Phase::kPayload || phase_ == Phase::kChunkPayload ||
           phase_ == Phase::kUntilClose;
  }
  std::span<const char> TakePayload(std::span<const char> bytes);
  void ReadFramingByte(char byte);
  void ReadChunkSizeByte(char byte);
  void ReadTrailers(std::span<const char>& bytes);
  void Expect(char byte, char expected, Phase next);
  void Refuse(Refusal refusal);

  Phase phase_;
  // Bytes still to come of the body or of the chunk; while its size is read, the size so far.
  uint64_t remaining_ = 0;
  int size_digits_ = 0;
  LineBuffer trailers_{kMaxTrailerSize};
  Refusal refusal_;
};

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_HTTP1_BODY_H_
