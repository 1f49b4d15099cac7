// A connected TCP or unix socket as a Stream.
#ifndef CULVERT_SOURCE_NET_SOCKET_STREAM_H_
#define CULVERT_SOURCE_NET_SOCKET_STREAM_H_

#include <memory>
#include <span>

#include "source/net/event_loop.h"
#include "source/net/fd.h"
#include "source/net/stream.h"

namespace culvert::net {

class SocketStream final : public Stream {
 public:
  // `fd` is connected, or connecting, and non-blocking. Null where the loop cannot watch it.
  static std::unique_ptr<SocketStream> Create(EventLoop& loop, Fd fd);

  IoResult TryWrite(std::span<const char> data) override;
  IoResult TryShutdownWrite() override;
  void Abort() override;
  Readiness& readable() override { return events_.readable; }
  Readiness& writable() override { return events_.writable; }
  // Urgent data stops splice for good; a read passes it over.
  SocketStream* AsBareSocket() override {
    return has_pushed_back() || events_.urgent ? nullptr : this;
  }

  int fd() const { return fd_.get(); }

  // Kernel to kernel, through a pipe that belongs to the caller, empty for TrySpliceInto. Like
  // TryRead and TryWrite, except that a peer that is gone raises SIGPIPE too, which the process has
  // to ignore.
  IoResult TrySpliceInto(int pipe_write_end, size_t size);
  IoResult TrySpliceFrom(int pipe_read_end, size_t size);

 protected:
  IoResult DoTryRead(std::span<char> buffer) override;

 private:
  explicit SocketStream(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
  FdEvents events_;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_SOCKET_STREAM_H_
