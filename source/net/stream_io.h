// Reading and writing with waiting, for the protocols before and after the relay. A deadline that
// passes gives IoError::kTimedOut, a cancelled scope IoError::kCancelled.
#ifndef CULVERT_SOURCE_NET_STREAM_IO_H_
#define CULVERT_SOURCE_NET_STREAM_IO_H_

#include <coroutine>
#include <span>
#include <string_view>

#include "source/net/event_loop.h"
#include "source/net/stream.h"
#include "source/net/task.h"

namespace culvert::net {

// At least one byte, the end, or an error; never kWouldBlock. The stream and buffer must outlive
// the task.
Task<IoResult> Read(Stream& stream, std::span<char> buffer, TimePoint deadline);

// All of `data`, flushed; `bytes` is what was taken. The stream and the data must outlive the task.
Task<IoResult> WriteAll(Stream& stream, std::string_view data, TimePoint deadline);

// Says that no more bytes come, and waits until that is on its way.
Task<IoResult> ShutdownWrite(Stream& stream, TimePoint deadline);

// Reads and drops what comes until the end, the deadline or `most` bytes: a close with unread bytes
// would reset the connection and could take our last words from the peer.
Task<void> DrainReads(Stream& stream, size_t most, TimePoint deadline);

// Lets the others of this loop have a turn.
class Yield {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> coroutine) {
    coroutine.promise().scope->loop().Resume(coroutine);
  }
  void await_resume() const noexcept {}
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_STREAM_IO_H_
