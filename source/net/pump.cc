#include "source/net/pump.h"

#include <algorithm>
#include <cstring>

#include "source/net/socket_stream.h"

namespace culvert::net {
namespace {

// Short exchanges are one small read and one write; a read that comes back full says that a burst is on.
constexpr uint32_t kSmallRead = 16 * 1024;
constexpr uint32_t kLargeRead = Scratch::kSize;
// What one direction may move before the loop serves the others.
constexpr uint64_t kFairShare = 4 * 1024 * 1024;
// A pipe is worth its system calls only for large pieces.
constexpr size_t kSmallSplice = 16 * 1024;
constexpr int kSmallSplicesToStop = 2;

}  // namespace

Pump::~Pump() {
  if (!pipe_.valid()) return;
  if (in_pipe_ == 0) {
    scratch_.pipes.Return(std::move(pipe_));
  } else {
    scratch_.pipes.Discard(std::move(pipe_));
  }
}

void Pump::ReleasePipe() {
  if (!pipe_.valid() || in_pipe_ != 0) return;
  scratch_.pipes.Return(std::move(pipe_));
  pipe_ = Pipe();
  read_size_ = kSmallRead;
}

Readiness* Pump::Interest() {
  switch (state_) {
    case State::kIdle:
      return &from_.readable();
    case State::kBlocked:
      return &to_.writable();
    default:
      return nullptr;
  }
}

bool Pump::Fail(Side side, IoError error) {
  state_ = State::kFailed;
  failed_side_ = side;
  error_ = error;
  return false;
}

bool Pump::OnReadResult(const IoResult& result) {
  switch (result.status) {
    case IoStatus::kOk:
      return true;
    case IoStatus::kWouldBlock:
      state_ = State::kIdle;
      return false;
    case IoStatus::kEnd:
      ended_ = true;
      return true;
    case IoStatus::kError:
      if (result.error == IoError::kTruncated) {
        // All bytes that came are whole; the receiver sees an end, the record says what kind it was.
        truncated_ = true;
        ended_ = true;
        return true;
      }
      return Fail(Side::kFrom, result.error);
  }
  return false;
}

bool Pump::OnWriteResult(const IoResult& result) {
  if (result.failed()) return Fail(Side::kTo, result.error);
  if (result.would_block()) {
    state_ = State::kBlocked;
    return false;
  }
  return true;
}

void Pump::HoldBack(std::span<const char> bytes) {
  held_.reset(new char[bytes.size()]);
  std::memcpy(held_.get(), bytes.data(), bytes.size());
  held_begin_ = 0;
  held_end_ = static_cast<uint32_t>(bytes.size());
}

bool Pump::FlushHeldBytes() {
  while (held_begin_ < held_end_) {
    const IoResult result = to_.TryWrite({held_.get() + held_begin_, held_end_ - held_begin_});
    if (!OnWriteResult(result)) return false;
    held_begin_ += static_cast<uint32_t>(result.bytes);
    bytes_ += result.bytes;
  }
  held_.reset();
  held_begin_ = held_end_ = 0;
  return OnWriteResult(to_.TryFlush());
}

bool Pump::FlushPipe() {
  SocketStream* to = to_.AsBareSocket();
  while (in_pipe_ > 0) {
    const IoResult result = to->TrySpliceFrom(pipe_.read_end(), in_pipe_);
    if (!OnWriteResult(result)) return false;
    in_pipe_ -= result.bytes;
    bytes_ += result.bytes;
  }
  return true;
}

// Grows while reads come back full, so that bulk pays few calls; shrinks behind a slow receiver, so that what
// is held back for it stays small.
void Pump::AdaptReadSize(size_t asked, size_t got) {
  if (held_) {
    read_size_ = std::max(kSmallRead, read_size_ / 2);
  } else if (got == asked) {
    read_size_ = std::min(kLargeRead, read_size_ * 4);
  } else if (got < kSmallRead / 2) {
    read_size_ = kSmallRead;
  }
}

bool Pump::CopyOnce() {
  const std::span<char> buffer = scratch_.plain.bytes().first(read_size_);
  const IoResult read = from_.TryRead(buffer);
  if (!OnReadResult(read)) return false;
  if (ended_) return true;
  const std::span<const char> bytes(buffer.data(), read.bytes);
  const IoResult written = to_.TryWrite(bytes);
  if (written.failed()) return OnWriteResult(written);
  bytes_ += written.bytes;
  if (written.bytes < bytes.size()) HoldBack(bytes.subspan(written.bytes));
  AdaptReadSize(buffer.size(), read.bytes);
  const bool bulk = read.bytes == buffer.size();
  if (bulk && !held_ && from_.AsBareSocket() != nullptr && to_.AsBareSocket() != nullptr) {
    pipe_ = scratch_.pipes.Take();
  }
  return true;
}

bool Pump::SpliceOnce() {
  const IoResult read = from_.AsBareSocket()->TrySpliceInto(pipe_.write_end(), pipe_.capacity());
  if (!OnReadResult(read)) return false;
  if (ended_) return true;
  in_pipe_ += read.bytes;
  small_splices_ = read.bytes < kSmallSplice ? small_splices_ + 1 : 0;
  return true;
}

void Pump::End() {
  if (OnWriteResult(to_.TryShutdownWrite())) {
    state_ = State::kFinished;
    ReleasePipe();
  }
}

Pump::State Pump::Step() {
  if (state_ == State::kFinished || state_ == State::kFailed) return state_;
  const uint64_t share_end = bytes_ + kFairShare;
  while (true) {
    if (!FlushHeldBytes()) return state_;
    if (pipe_.valid()) {
      if (!FlushPipe()) return state_;
      if (small_splices_ >= kSmallSplicesToStop) {
        small_splices_ = 0;
        ReleasePipe();
      }
    }
    if (ended_) {
      End();
      return state_;
    }
    if (bytes_ >= share_end) {
      state_ = State::kBusy;
      return state_;
    }
    const bool moved = pipe_.valid() ? SpliceOnce() : CopyOnce();
    if (!moved) return state_;
  }
}

}  // namespace culvert::net
