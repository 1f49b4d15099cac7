#include "source/server/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "source/base/log.h"
#include "source/net/stream_io.h"

namespace culvert::server {

using net::Task;
using net::Wait;

namespace {

// Connections accepted before the others of the loop have their turn.
constexpr int kAcceptBatch = 64;
// Handshakes that were under way when a socket stopped taking new ones get so long to end.
constexpr Duration kHandshakeGrace = std::chrono::milliseconds(50);
// After an error of accept that waiting for readiness does not cure.
constexpr Duration kErrorPause = std::chrono::milliseconds(100);

bool IsExhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Acceptor::~Acceptor() { Unwatch(); }

// Others, of this process or of another, may go on with the socket; closing it is not enough.
void Acceptor::Unwatch() {
  if (std::exchange(watched_, false)) scope_.loop().Unwatch(socket_->fd.get());
}

void Acceptor::Start() {
  Listen();
  watched_ = scope_.loop().Watch(socket_->fd.get(), events_);
  if (!watched_) {
    log::Error(log::kListener, "listener {}: the kernel refuses to watch its socket",
               listener_->snapshot->name);
  }
  net::Spawn(scope_, Run(), [this] { host_.OnAcceptorEnd(*this); });
}

// Also where the socket listens already: it may have another backlog.
void Acceptor::Listen() {
  if (listen(socket_->fd.get(), listener_->snapshot->backlog) == 0) return;
  log::Error(log::kListener, "listener {}: cannot listen on {}: {}", listener_->snapshot->name,
             listener_->snapshot->address.ToString(), std::strerror(errno));
}

void Acceptor::Serve(ServedListenerPtr listener) {
  const int backlog = listener_->snapshot->backlog;
  listener_ = std::move(listener);
  if (listener_->snapshot->backlog != backlog) Listen();
}

void Acceptor::Retire() {
  if (retired_) return;
  if (socket_->kept_elsewhere) {
    Release();
    return;
  }
  retired_ = true;
  RefuseNewConnections(listener_->snapshot->address, socket_->fd.get());
  scope_.loop().timers().Arm(*this, scope_.loop().now() + kHandshakeGrace);
}

void Acceptor::Release() {
  retired_ = true;
  released_ = true;
  // Now, since another acceptor of this worker may be the next to have it.
  Unwatch();
  scope_.Cancel(net::CancelReason::kDrained);
}

Task<void> Acceptor::Run() {
  int batch = 0;
  while (!scope_.cancelled()) {
    if (AcceptOne()) {
      if (++batch % kAcceptBatch == 0) co_await net::Yield();
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      host_.OnRecovered();
      events_.readable.Clear();
      co_await Wait(kNever, &events_.readable);
    } else {
      if (IsExhaustion(errno)) host_.OnExhausted();
      descriptor_freed_.Clear();
      co_await Wait(scope_.loop().now() + kErrorPause, &descriptor_freed_);
    }
  }
  // What the kernel has accepted is ours, unless another process goes on with the queue: nobody is
  // left in it.
  while (!released_ && AcceptOne()) {
  }
}

bool Acceptor::AcceptOne() {
  sockaddr_storage peer;
  socklen_t length = sizeof peer;
  net::Fd fd(accept4(socket_->fd.get(), reinterpret_cast<sockaddr*>(&peer), &length,
                     SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) {
    // The connection is gone before we had it: the next may be fine.
    return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
  }
  host_.OnAccepted(*this, std::move(fd),
                   net::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&peer), length)
                       .value_or(net::SocketAddress())
                       .Unmapped());
  return true;
}

}  // namespace culvert::server
