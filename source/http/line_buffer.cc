#include "source/http/line_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace culvert::http {
namespace {

// Holds the head of nearly every request, so that few blocks ever grow.
constexpr size_t kFirstCapacity = 1024;

}  // namespace

LineBuffer::Event LineBuffer::Take(std::span<const char>& bytes) {
  if (line_ended_) {
    line_begin_ = size_;
    line_ended_ = false;
  }
  if (bytes.empty()) return Event::kNeedMore;

  const size_t window = std::min(bytes.size(), max_size_ - size_);
  const auto* line_feed = static_cast<const char*>(std::memchr(bytes.data(), '\n', window));
  const size_t taken = line_feed != nullptr ? line_feed - bytes.data() + 1 : window;
  Append(bytes.first(taken));
  bytes = bytes.subspan(taken);

  if (line_feed == nullptr) return size_ == max_size_ ? Event::kFull : Event::kNeedMore;
  if (!text().substr(line_begin_).ends_with("\r\n")) return Event::kBareLineFeed;
  line_ended_ = true;
  return Event::kLine;
}

std::string_view LineBuffer::line() const {
  std::string_view line = text().substr(line_begin_);
  line.remove_suffix(2);
  return line;
}

std::unique_ptr<char[]> LineBuffer::Release() {
  capacity_ = size_ = line_begin_ = 0;
  line_ended_ = false;
  return std::move(block_);
}

void LineBuffer::Append(std::span<const char> bytes) {
  if (size_ + bytes.size() > capacity_) {
    capacity_ = std::max({kFirstCapacity, 2 * capacity_, size_ + bytes.size()});
    capacity_ = std::min(capacity_, max_size_);
    auto grown = std::make_unique_for_overwrite<char[]>(capacity_);
    std::copy_n(block_.get(), size_, grown.get());
    block_ = std::move(grown);
  }
  std::copy(bytes.begin(), bytes.end(), block_.get() + size_);
  size_ += bytes.size();
}

}  // namespace culvert::http
