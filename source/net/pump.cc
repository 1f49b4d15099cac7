#include "source/net/pump.h"

#include <algorithm>
#include <cstring>

#include "source/net/socket_stream.h"

namespace culvert::net {
namespace {

// Short exchanges are one small read and one write; a read that comes back full says that a burst
// is on.
constexpr uint32_t kSmallRead = 16 * 1024;
constexpr uint32_t kLargeRead = Scratch::kPieceSize;
// What one direction may move before the loop serves the others.
constexpr uint64_t kFairShare = 4 * 1024 * 1024;
// A pipe is worth its system calls only for large pieces.
constexpr size_t kSmallSplice = 16 * 1024;
constexpr int kSmallSplicesToStop = 2;
// A burst's pipe is kept over the pauses of a busy tunnel and given back when it falls quiet.
constexpr Duration kPipePause = std::chrono::milliseconds(20);
// Until a receiver has taken more than all buffers on its way hold, it may be one that never reads.
// A piece that gets stuck behind it is a small one.
constexpr uint64_t kMoreThanBuffers = 16 * 1024 * 1024;

}  // namespace

Pump::~Pump() {
  if (!pipe_.valid()) return;
  if (in_pipe_ == 0) {
    scratch_.pipes.Return(std::move(pipe_));
  } else {
    scratch_.pipes.Discard(std::move(pipe_));
  }
}

bool Pump::ReleasePipe() {
  if (!pipe_.valid()) return true;
  if (!UnloadPipe()) return false;
  scratch_.pipes.Return(std::move(pipe_));
  pipe_ = Pipe();
  read_size_ = kSmallRead;
  small_splices_ = 0;
  return true;
}

// What a receiver has not taken waits in memory, so that those who stall cannot keep all the pipes.
bool Pump::UnloadPipe() {
  if (in_pipe_ == 0) return true;
  held_.reset(new char[in_pipe_]);
  held_begin_ = held_end_ = 0;
  while (in_pipe_ > 0) {
    const ssize_t count = read(pipe_.read_end(), held_.get() + held_end_, in_pipe_);
    if (count <= 0) return Fail(Side::kFrom, IoError::kOther);
    held_end_ += static_cast<uint32_t>(count);
    in_pipe_ -= static_cast<size_t>(count);
  }
  return true;
}

TimePoint Pump::pipe_due() const { return pipe_.valid() ? moved_at_ + kPipePause : kNever; }

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
        // All bytes that came are whole; the receiver sees an end, the record says what kind it
        // was.
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
  if (to == nullptr) return ReleasePipe() && FlushHeldBytes();
  while (in_pipe_ > 0) {
    const IoResult result = to->TrySpliceFrom(pipe_.read_end(), in_pipe_);
    if (!OnWriteResult(result)) return false;
    in_pipe_ -= result.bytes;
    bytes_ += result.bytes;
  }
  return true;
}

// Grows while reads come back full, so that bulk pays few calls; shrinks behind a slow receiver, so
// that what is held back for it stays small.
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
  const BufferPool::Lease lease(scratch_.buffers);
  const std::span<char> buffer = lease.bytes().first(read_size_);
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
  SocketStream* from = from_.AsBareSocket();
  if (from == nullptr) return ReleasePipe() && CopyOnce();
  const size_t piece = bytes_ < kMoreThanBuffers ? kLargeRead : pipe_.capacity();
  const IoResult read = from->TrySpliceInto(pipe_.write_end(), piece);
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

Pump::State Pump::Step(TimePoint now) {
  if (state_ == State::kFinished || state_ == State::kFailed) return state_;
  const uint64_t bytes_before = bytes_;
  Move();
  if (bytes_ != bytes_before) {
    moved_at_ = now;
  } else if (now >= pipe_due()) {
    ReleasePipe();
  }
  return state_;
}

void Pump::Move() {
  const uint64_t share_end = bytes_ + kFairShare;
  while (true) {
    if (!FlushHeldBytes()) return;
    if (pipe_.valid()) {
      if (!FlushPipe()) return;
      if (small_splices_ >= kSmallSplicesToStop) ReleasePipe();
    }
    if (ended_) {
      End();
      return;
    }
    if (bytes_ >= share_end) {
      state_ = State::kBusy;
      return;
    }
    const bool moved = pipe_.valid() ? SpliceOnce() : CopyOnce();
    if (!moved) return;
  }
}

}  // namespace culvert::net
