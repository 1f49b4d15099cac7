// Takes connections from one listening socket and hands them to its worker. Owned by the worker, on
// its thread.
#ifndef CULVERT_SOURCE_SERVER_ACCEPTOR_H_
#define CULVERT_SOURCE_SERVER_ACCEPTOR_H_

#include <utility>

#include "source/net/address.h"
#include "source/net/event_loop.h"
#include "source/net/fd.h"
#include "source/net/scope.h"
#include "source/net/task.h"
#include "source/net/timer_wheel.h"
#include "source/server/listening_socket.h"
#include "source/server/served_listener.h"

namespace culvert::server {

class Acceptor final : private net::Timer {
 public:
  class Host {
   public:
    virtual void OnAccepted(Acceptor& acceptor, net::Fd fd, const net::SocketAddress& peer) = 0;
    // Descriptors or memory have run out: accepting pauses.
    virtual void OnExhausted() = 0;
    // The queue is empty.
    virtual void OnRecovered() = 0;
    // It is over and may be destroyed.
    virtual void OnAcceptorEnd(Acceptor& acceptor) = 0;

   protected:
    ~Host() = default;
  };

  // `host` outlives it.
  Acceptor(net::EventLoop& loop, ServedListenerPtr listener, ListeningSocketPtr socket, Host& host)
      : listener_(std::move(listener)), socket_(std::move(socket)), host_(host), scope_(loop) {}
  ~Acceptor() override;

  void Start();

  const ServedListenerPtr& listener() const { return listener_; }
  // A newer one of the same address.
  void Serve(ServedListenerPtr listener);

  // Lets no new connection begin, takes what the kernel has accepted, and ends. A socket that a
  // service manager keeps is left to it with all that waits there.
  void Retire();
  // Leaves the socket to a process that has it too.
  void Release();
  // Takes what the kernel has accepted, and ends at once.
  void Close(net::CancelReason reason) { scope_.Cancel(reason); }

  // A descriptor has become free.
  void TryAgain() { descriptor_freed_.Signal(); }

 private:
  net::Task<void> Run();
  // False: no more to accept, see errno.
  bool AcceptOne();
  void Listen();
  void Unwatch();
  void OnTimer() override { Close(net::CancelReason::kDrained); }

  ServedListenerPtr listener_;
  const ListeningSocketPtr socket_;
  Host& host_;
  net::FdEvents events_;
  net::Scope scope_;
  net::Readiness descriptor_freed_;
  bool watched_ = false;
  bool retired_ = false;
  bool released_ = false;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_ACCEPTOR_H_
