// Heads and chunks of HTTP/1.1 as bytes to send (RFC 9112). Nothing given to it can break out of
// its line. Pure; any thread.
#ifndef CULVERT_SOURCE_HTTP_HTTP1_SERIALIZER_H_
#define CULVERT_SOURCE_HTTP_HTTP1_SERIALIZER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "source/http/message.h"

namespace culvert::http {

// The phrase of a status code (RFC 9110, 15, and the registry), empty if it has none.
std::string_view ReasonPhrase(int status);

// Appends the head of a response, its empty line included. A status that is none (under 100 or over
// 599) becomes 500.
void AppendResponseHead(int status, const HeaderList& fields, std::string& out);

// Appends the head of a request, its empty line included. False, with nothing appended, if the
// method is no token or the target has a byte that no request line may have.
bool AppendRequestHead(std::string_view method, std::string_view target, const HeaderList& fields,
                       std::string& out);

// What goes before the payload of a chunk (RFC 9112, 7.1). `size` is not 0: that would end the
// body.
class ChunkHeader {
 public:
  explicit ChunkHeader(uint64_t size);

  std::string_view text() const { return {buffer_.data(), size_}; }

 private:
  // 16 digits and CRLF.
  std::array<char, 18> buffer_;
  size_t size_;
};

// What goes behind the payload of a chunk, and behind the last chunk.
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_HTTP1_SERIALIZER_H_
