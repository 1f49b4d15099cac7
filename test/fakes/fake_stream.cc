#include "test/fakes/fake_stream.h"

#include <algorithm>
#include <cstring>

namespace culvert::fakes {

using net::IoError;
using net::IoResult;

std::pair<FakeStreamPtr, FakeStreamPtr> FakeStream::MakePair() {
  auto there = std::make_shared<Channel>();
  auto back = std::make_shared<Channel>();
  return {FakeStreamPtr(new FakeStream(back, there)), FakeStreamPtr(new FakeStream(there, back))};
}

FakeStream::~FakeStream() {
  in_->reader_gone = true;
  in_->writable.Signal();
  SendEnd();
}

size_t FakeStream::Script::Next() {
  if (pieces.empty()) return std::numeric_limits<size_t>::max();
  const size_t piece = pieces[next];
  if (next + 1 < pieces.size()) ++next;
  return piece;
}

std::string FakeStream::Channel::Take(size_t count) {
  std::string taken = bytes.substr(0, count);
  bytes.erase(0, taken.size());
  if (!taken.empty()) writable.Signal();
  return taken;
}

void FakeStream::Send(std::string_view bytes) {
  out_->bytes.append(bytes);
  out_->readable.Signal();
}

void FakeStream::SendEnd() {
  out_->ended = true;
  out_->readable.Signal();
}

void FakeStream::SendError(IoError error) {
  out_->error = error;
  out_->readable.Signal();
}

std::string FakeStream::Received() { return in_->Take(in_->bytes.size()); }

IoResult FakeStream::DoTryRead(std::span<char> buffer) {
  const size_t piece = read_pieces_.Next();
  if (piece == 0) return IoResult::WouldBlock();
  if (!in_->bytes.empty()) {
    const std::string bytes = in_->Take(std::min(piece, buffer.size()));
    std::memcpy(buffer.data(), bytes.data(), bytes.size());
    return IoResult::Ok(bytes.size());
  }
  if (in_->error) return IoResult::Failed(*in_->error);
  if (in_->ended) return IoResult::End();
  in_->readable.Clear();
  return IoResult::WouldBlock();
}

size_t FakeStream::Deliver(std::string_view bytes) {
  const size_t count = std::min(bytes.size(), out_->room());
  if (count < bytes.size()) out_->writable.Clear();
  if (count > 0) Send(bytes.substr(0, count));
  return count;
}

IoResult FakeStream::TryWrite(std::span<const char> data) {
  if (out_->reader_gone) return IoResult::Failed(IoError::kReset);
  const size_t piece = write_pieces_.Next();
  if (piece == 0) return IoResult::WouldBlock();
  const std::string_view bytes(data.data(), std::min(piece, data.size()));
  if (holds_writes_) {
    if (const IoResult flushed = TryFlush(); !flushed.ok()) return flushed;
    held_ = bytes;
    return IoResult::Ok(bytes.size());
  }
  const size_t count = Deliver(bytes);
  return count > 0 || bytes.empty() ? IoResult::Ok(count) : IoResult::WouldBlock();
}

IoResult FakeStream::TryFlush() {
  if (held_.empty()) return IoResult::Ok(0);
  if (out_->reader_gone) return IoResult::Failed(IoError::kReset);
  held_.erase(0, Deliver(held_));
  return held_.empty() ? IoResult::Ok(0) : IoResult::WouldBlock();
}

IoResult FakeStream::TryShutdownWrite() {
  if (const IoResult flushed = TryFlush(); !flushed.ok()) return flushed;
  SendEnd();
  return IoResult::Ok(0);
}

void FakeStream::Abort() {
  aborted_ = true;
  SendError(IoError::kReset);
}

}  // namespace culvert::fakes
