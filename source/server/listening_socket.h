// Listening sockets: opened on the main thread, one for each worker, so that a config whose address
// cannot be bound changes nothing. TCP sockets of one address share it by SO_REUSEPORT; at a unix
// path there is one for all.
#ifndef CULVERT_SOURCE_SERVER_LISTENING_SOCKET_H_
#define CULVERT_SOURCE_SERVER_LISTENING_SOCKET_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "source/net/address.h"
#include "source/net/fd.h"

namespace culvert::server {

// Closed when nobody listens on it any more. Shared by the main thread and by the workers that
// accept from it.
struct ListeningSocket {
  net::Fd fd;
  // A service manager has it too, and may start another process with it.
  bool kept_elsewhere = false;
};
using ListeningSocketPtr = std::shared_ptr<const ListeningSocket>;

// `count` sockets, or one of a unix path, that do not listen yet: nobody comes in who would be
// reset if another address cannot be had. The error names the address, the reason and the remedy.
// `overlaps`: this process listens already on what is a part of the address, or of which it is one.
// Else another process that listens there is an error although it would share.
absl::StatusOr<std::vector<net::Fd>> BindSockets(const net::SocketAddress& address, uint32_t count,
                                                 bool overlaps);
absl::Status BeginToListen(const net::SocketAddress& address, int fd, int backlog);

// Both of them.
absl::StatusOr<std::vector<net::Fd>> OpenListeningSockets(const net::SocketAddress& address,
                                                          int backlog, uint32_t count);

// Sets a socket that another process has bound up as if it were ours. An error if it is none that
// could be listened on.
absl::Status AdoptSocket(const net::SocketAddress& address, int fd);
// Whether others may be bound beside it.
bool SharesItsPort(int fd);

// What the kernel says, or `fallback`.
net::SocketAddress BoundAddressOf(int fd, const net::SocketAddress& fallback);

// Whether some client could come in at either.
bool AddressesOverlap(const net::SocketAddress& a, const net::SocketAddress& b);

// Lets no new connection begin while those that have begun get through: what is in the accept queue
// can then be taken before the socket is closed, and nobody is reset. A TCP client that comes now
// tries again.
void RefuseNewConnections(const net::SocketAddress& address, int fd);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_LISTENING_SOCKET_H_
