// One direction of a relay: moves bytes from one stream to another, the cheapest way that the two
// allow, and carries the end over. Knows no coroutine; Relay drives two of them.
#ifndef CULVERT_SOURCE_NET_PUMP_H_
#define CULVERT_SOURCE_NET_PUMP_H_

#include <cstdint>
#include <memory>

#include "source/base/time.h"
#include "source/net/scratch.h"
#include "source/net/stream.h"

namespace culvert::net {

class Pump {
 public:
  enum class State : uint8_t {
    kIdle,      // nothing to read at the moment
    kBlocked,   // the receiver takes nothing at the moment
    kBusy,      // there is more to do: go on after the others had their turn
    kFinished,  // all bytes and the end are over
    kFailed,    // see error() and failed_side()
  };
  enum class Side : uint8_t { kFrom, kTo };

  Pump(Stream& from, Stream& to, Scratch& scratch) : from_(from), to_(to), scratch_(scratch) {}
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // Moves what can be moved without waiting, up to a share that is fair to the other connections,
  // and gives the pipe back if none has moved for a while. `now` is the loop's.
  State Step(TimePoint now);

  State state() const { return state_; }
  // When bytes moved last; the beginning of time before the first.
  TimePoint moved_at() const { return moved_at_; }
  // When Step() is to be called even if nothing has happened; kNever while no pipe is held.
  TimePoint pipe_due() const;
  // What to wait for in the present state; null where nothing of this direction is worth a wait.
  Readiness* Interest();

  // Bytes that the receiving stream has taken.
  uint64_t bytes() const { return bytes_; }
  // The sender's bytes ended without the end that its protocol asks for.
  bool truncated() const { return truncated_; }
  IoError error() const { return error_; }
  Side failed_side() const { return failed_side_; }

  bool holds_pipe() const { return pipe_.valid(); }

 private:
  void Move();
  bool FlushHeldBytes();
  bool FlushPipe();
  // Gives the pipe back to the others; the next burst takes one again.
  bool ReleasePipe();
  bool UnloadPipe();
  bool CopyOnce();
  bool SpliceOnce();
  bool OnReadResult(const IoResult& result);
  bool OnWriteResult(const IoResult& result);
  void HoldBack(std::span<const char> bytes);
  bool Fail(Side side, IoError error);
  void End();
  void AdaptReadSize(size_t asked, size_t got);

  Stream& from_;
  Stream& to_;
  Scratch& scratch_;
  State state_ = State::kIdle;
  Side failed_side_ = Side::kFrom;
  IoError error_ = IoError::kNone;
  bool ended_ = false;
  bool truncated_ = false;
  uint8_t small_splices_ = 0;
  uint32_t read_size_ = 16 * 1024;
  uint64_t bytes_ = 0;
  TimePoint moved_at_{};

  // Bytes that were read and not yet written: only while the receiver is slower than the sender.
  std::unique_ptr<char[]> held_;
  uint32_t held_begin_ = 0;
  uint32_t held_end_ = 0;

  Pipe pipe_;
  size_t in_pipe_ = 0;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_PUMP_H_
