// What reading a request head and a response head have in common: lines, fields, limits.
// Owned by one parser, on its worker.
#ifndef CULVERT_SOURCE_HTTP_HEAD_READER_H_
#define CULVERT_SOURCE_HTTP_HEAD_READER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "source/http/line_buffer.h"
#include "source/http/message.h"
#include "source/http/parse_result.h"

namespace culvert::http {

struct HeadLimits {
  // Bytes from the start line to the empty line, both included. At most 4 GiB.
  size_t max_head_size = 64 * 1024;
  size_t max_headers = 100;
  // Bytes of a request target; by default only the head's size limits it.
  size_t max_target_size = std::numeric_limits<size_t>::max();
};

class HeadReader {
 public:
  enum class Event {
    kNeedMore,
    // start_line() is there, to be looked at before the fields come.
    kStartLine,
    // The empty line has been read: Take the head.
    kEnd,
    // See refusal().
    kRefused,
  };

  explicit HeadReader(const HeadLimits& limits)
      : max_headers_(limits.max_headers), lines_(limits.max_head_size) {}

  // Takes bytes off the front of `bytes` up to the next event, and never one behind the head's end.
  // Not to be called again after kRefused.
  Event Next(std::span<const char>& bytes);

  // No byte of a head has been taken.
  bool empty() const { return lines_.text().empty(); }
  // Without its CRLF; valid right after kStartLine.
  std::string_view start_line() const { return lines_.line(); }
  // 400 for what no head may look like, 414 if the start line alone is over the size limit, 431 for
  // a head that is or that has more fields than allowed.
  const Refusal& refusal() const { return refusal_; }

  // After kEnd: hands over the head, and starts afresh.
  MessageHead Take();

 private:
  // Where a field lies in the block, which moves while it grows.
  struct FieldPlace {
    uint32_t name_begin;
    uint32_t name_size;
    uint32_t value_begin;
    uint32_t value_size;
  };

  Event Refuse(Refusal refusal);
  std::optional<Refusal> AddField(std::string_view line);

  size_t max_headers_;
  LineBuffer lines_;
  std::optional<size_t> start_line_size_;
  std::vector<FieldPlace> places_;
  Refusal refusal_;
};

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_HEAD_READER_H_
