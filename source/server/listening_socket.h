// Listening sockets: opened on the main thread, one for each worker, so that a config whose address
// cannot be bound changes nothing. TCP sockets of one address share it by SO_REUSEPORT; those of a
// unix path are one.
#ifndef CULVERT_SOURCE_SERVER_LISTENING_SOCKET_H_
#define CULVERT_SOURCE_SERVER_LISTENING_SOCKET_H_

#include <vector>

#include "absl/status/statusor.h"
#include "source/net/address.h"
#include "source/net/fd.h"

namespace culvert::server {

// `count` sockets. The error names the address, the reason and the remedy.
absl::StatusOr<std::vector<net::Fd>> OpenListeningSockets(const net::SocketAddress& address,
                                                          int backlog, uint32_t count);

// Lets no new connection begin while those that have begun get through: what is in the accept queue
// can then be taken before the socket is closed, and nobody is reset. A TCP client that comes now
// tries again.
void RefuseNewConnections(const net::SocketAddress& address, int fd);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_LISTENING_SOCKET_H_
