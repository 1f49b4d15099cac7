#include "source/net/stream.h"

#include <algorithm>
#include <cstring>

namespace culvert::net {

void Stream::PushBack(std::span<const char> bytes) {
  if (bytes.empty()) return;
  auto pushed_back = std::make_unique<PushedBack>();
  pushed_back->bytes.assign(bytes.begin(), bytes.end());
  if (pushed_back_) pushed_back->bytes.append(pushed_back_->bytes, pushed_back_->offset);
  pushed_back_ = std::move(pushed_back);
}

IoResult Stream::ReadPushedBack(std::span<char> buffer) {
  const size_t left = pushed_back_->bytes.size() - pushed_back_->offset;
  const size_t taken = std::min(left, buffer.size());
  std::memcpy(buffer.data(), pushed_back_->bytes.data() + pushed_back_->offset, taken);
  pushed_back_->offset += taken;
  if (taken == left) pushed_back_.reset();
  return IoResult::Ok(taken);
}

}  // namespace culvert::net
