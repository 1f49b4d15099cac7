// Bytes of a message kept line by line until the lines have been read: what makes the parsers
// incremental. Owned by one parser, on its worker. Holds no memory before the first byte, and never
// more than its limit.
#ifndef CULVERT_SOURCE_HTTP_LINE_BUFFER_H_
#define CULVERT_SOURCE_HTTP_LINE_BUFFER_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace culvert::http {

class LineBuffer {
 public:
  enum class Event {
    kNeedMore,
    // line() is complete.
    kLine,
    // A line ended in LF without CR before it.
    kBareLineFeed,
    // `max_size` bytes, and the line has not ended.
    kFull,
  };

  explicit LineBuffer(size_t max_size) : max_size_(max_size) {}

  // Takes bytes off the front of `bytes` up to the end of one line. Each byte is looked at once and
  // copied once, however the input is cut.
  Event Take(std::span<const char>& bytes);

  // The last complete line without its CRLF; valid until the next Take.
  std::string_view line() const;
  // All bytes so far; valid until the next Take.
  std::string_view text() const { return {block_.get(), size_}; }

  // Hands over the block with text(), and starts afresh.
  std::unique_ptr<char[]> Release();

 private:
  void Append(std::span<const char> bytes);

  size_t max_size_;
  std::unique_ptr<char[]> block_;
  size_t capacity_ = 0;
  size_t size_ = 0;
  size_t line_begin_ = 0;
  bool line_ended_ = false;
};

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_LINE_BUFFER_H_
