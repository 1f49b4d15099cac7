// Stream: the one abstraction of the data path, a two-way flow of bytes. Sockets are streams, and
// so is what TLS makes of one. A stream is used by one coroutine at a time, on its loop's thread.
//
// All calls are tries that never wait. The order is: try; on kWouldBlock wait for readable() or
// writable(); try again. Waiting before the first try may hang, since bytes may already be inside
// the stream. A call that gives kWouldBlock has cleared the readiness to wait for, else the waiting
// would be a busy loop.
#ifndef CULVERT_SOURCE_NET_STREAM_H_
#define CULVERT_SOURCE_NET_STREAM_H_

#include <memory>
#include <span>
#include <string>

#include "source/net/io_result.h"
#include "source/net/wait.h"

namespace culvert::net {

class SocketStream;

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  // Closes. What was not flushed is lost.
  virtual ~Stream() = default;

  // Up to buffer.size() bytes, which must not be 0; kOk means at least one.
  IoResult TryRead(std::span<char> buffer) {
    if (pushed_back_) [[unlikely]]
      return ReadPushedBack(buffer);
    return DoTryRead(buffer);
  }

  // Takes a prefix of `data`, perhaps all of it; kOk means at least one byte of what is not empty.
  // Bytes taken are on their way, or waiting inside the stream for TryFlush(); at most one write is
  // held back so, hence the memory is bounded by the caller's pieces.
  virtual IoResult TryWrite(std::span<const char> data) = 0;

  // Moves on what TryWrite holds back. kOk when nothing is left inside.
  virtual IoResult TryFlush() { return IoResult::Ok(0); }

  // Says to the peer that no more bytes come (FIN, close_notify); reading goes on. Flushes first.
  virtual IoResult TryShutdownWrite() = 0;

  // Tells the peer, where the transport can, that this was no clean end. The stream is to be
  // destroyed next.
  virtual void Abort() = 0;

  // What to wait for after kWouldBlock from TryRead, and from the calls that write.
  virtual Readiness& readable() = 0;
  virtual Readiness& writable() = 0;

  // Gives bytes back: the next TryRead returns them first. For a look at what comes without taking
  // it.
  void PushBack(std::span<const char> bytes);

  // The socket, if the stream's bytes are just the socket's bytes and none is held inside: then the
  // kernel may move them. Else null.
  virtual SocketStream* AsBareSocket() { return nullptr; }

 protected:
  virtual IoResult DoTryRead(std::span<char> buffer) = 0;
  bool has_pushed_back() const { return pushed_back_ != nullptr; }

 private:
  struct PushedBack {
    std::string bytes;
    size_t offset = 0;
  };
  IoResult ReadPushedBack(std::span<char> buffer);

  std::unique_ptr<PushedBack> pushed_back_;
};

using StreamPtr = std::unique_ptr<Stream>;

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_STREAM_H_
