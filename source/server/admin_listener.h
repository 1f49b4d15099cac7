// The admin API's own socket: who can open it may call everything, so it is a unix socket of mode
// 0600 or an address of the loopback interface. Owned by the server; main thread.
#ifndef CULVERT_SOURCE_SERVER_ADMIN_LISTENER_H_
#define CULVERT_SOURCE_SERVER_ADMIN_LISTENER_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "source/filter/admin_gate.h"
#include "source/net/address.h"
#include "source/net/fd.h"
#include "source/net/scope.h"
#include "source/server/admin_address.h"
#include "source/server/inherited_sockets.h"

namespace culvert::server {

class AdminListener {
 public:
  // Binds and listens; who comes then waits for Start(). The file of a unix socket has mode 0600
  // before anybody can connect to it; one that a dead process left is replaced, the socket of a
  // living one is an error. It ends with `scope`; `gate` outlives that.
  static absl::StatusOr<std::unique_ptr<AdminListener>> Open(const net::SocketAddress& address,
                                                             net::Scope& scope,
                                                             filter::AdminGate& gate);
  // The same with a socket that another process has opened.
  static absl::StatusOr<std::unique_ptr<AdminListener>> Inherit(const net::SocketAddress& address,
                                                                net::Fd socket, SocketOrigin origin,
                                                                net::Scope& scope,
                                                                filter::AdminGate& gate);
  // Stops. The file of the socket goes too, if it is this process's: not after HandOver(), not if
  // it was inherited and never started, never if it is the service manager's. The loop has to run
  // once more, unless the scope's end has been seen through.
  ~AdminListener();
  AdminListener(const AdminListener&) = delete;
  AdminListener& operator=(const AdminListener&) = delete;

  // Accepts from now on, whoever waits already included.
  void Start();

  // As bound, where the kernel chose the port.
  const net::SocketAddress& address() const { return address_; }
  // For another process, which then goes on with the same queue.
  absl::StatusOr<net::Fd> Duplicate() const;
  // Accepts no more: the queue and the file are another process's.
  void HandOver();

 private:
  class Acceptor;
  // Which file it is, however it may be replaced.
  struct FileId {
    dev_t device;
    ino_t inode;
    friend bool operator==(const FileId&, const FileId&) = default;
  };

  AdminListener(net::SocketAddress address, std::shared_ptr<Acceptor> acceptor, bool removes_file,
                SocketOrigin origin);
  static std::optional<FileId> FileAt(const net::SocketAddress& address);
  void Stop();

  const net::SocketAddress address_;
  const SocketOrigin origin_;
  const std::optional<FileId> file_;
  bool removes_file_;
  // Lives until its coroutine has ended; null once stopped.
  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_ADMIN_LISTENER_H_
