#include "source/net/socket_stream.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

namespace culvert::net {

std::unique_ptr<SocketStream> SocketStream::Create(EventLoop& loop, Fd fd) {
  std::unique_ptr<SocketStream> stream(new SocketStream(std::move(fd)));
  if (!loop.Watch(stream->fd(), stream->events_)) return nullptr;
  return stream;
}

IoResult SocketStream::DoTryRead(std::span<char> buffer) {
  if (!events_.readable.ready()) return IoResult::WouldBlock();
  ssize_t count;
  do {
    count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count > 0) {
    // A short read has emptied the socket: what comes later is a new edge. Saves the call that says
    // EAGAIN.
    const bool emptied = static_cast<size_t>(count) < buffer.size();
    if (emptied && !events_.hung_up && !events_.urgent) events_.readable.Clear();
    return IoResult::Ok(static_cast<size_t>(count));
  }
  if (count == 0) return IoResult::End();
  const IoResult result = IoResult::FromErrno(errno);
  if (result.would_block()) events_.readable.Clear();
  return result;
}

IoResult SocketStream::TryWrite(std::span<const char> data) {
  if (!events_.writable.ready()) return IoResult::WouldBlock();
  ssize_t count;
  do {
    count = send(fd_.get(), data.data(), data.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) {
    if (static_cast<size_t>(count) < data.size()) events_.writable.Clear();
    return IoResult::Ok(static_cast<size_t>(count));
  }
  const IoResult result = IoResult::FromErrno(errno);
  if (result.would_block()) events_.writable.Clear();
  return result;
}

IoResult SocketStream::TryShutdownWrite() {
  if (shutdown(fd_.get(), SHUT_WR) == 0) return IoResult::Ok(0);
  return IoResult::FromErrno(errno);
}

void SocketStream::Abort() {
  // A close with a zero linger time sends RST instead of FIN.
  const linger option{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &option, sizeof option);
}

IoResult SocketStream::TrySpliceInto(int pipe_write_end, size_t size) {
  if (!events_.readable.ready()) return IoResult::WouldBlock();
  ssize_t count;
  do {
    count = splice(fd_.get(), nullptr, pipe_write_end, nullptr, size,
                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (count < 0 && errno == EINTR);
  if (count > 0) return IoResult::Ok(static_cast<size_t>(count));
  if (count == 0) return IoResult::End();
  const IoResult result = IoResult::FromErrno(errno);
  if (result.would_block()) events_.readable.Clear();
  return result;
}

IoResult SocketStream::TrySpliceFrom(int pipe_read_end, size_t size) {
  if (!events_.writable.ready()) return IoResult::WouldBlock();
  ssize_t count;
  do {
    count =
        splice(pipe_read_end, nullptr, fd_.get(), nullptr, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) {
    if (static_cast<size_t>(count) < size) events_.writable.Clear();
    return IoResult::Ok(static_cast<size_t>(count));
  }
  const IoResult result = IoResult::FromErrno(errno);
  if (result.would_block()) events_.writable.Clear();
  return result;
}

}  // namespace culvert::net
