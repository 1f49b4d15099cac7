// Listening sockets that another process has opened: a service manager (socket activation), or the
// process that this one takes over from. The same type carries them on the giving side. A value of
// whoever starts the process; one thread.
#ifndef CULVERT_SOURCE_SERVER_INHERITED_SOCKETS_H_
#define CULVERT_SOURCE_SERVER_INHERITED_SOCKETS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "source/net/address.h"
#include "source/net/fd.h"

namespace culvert::server {

enum class SocketOrigin : uint8_t {
  // Gone from the process that had it once this one has said that it took it.
  kPredecessor,
  // Which keeps it, and its file, whatever becomes of this process.
  kServiceManager,
};

class InheritedSockets {
 public:
  struct Entry {
    std::vector<net::Fd> descriptors;
    SocketOrigin origin = SocketOrigin::kPredecessor;
  };

  // `address` as the config of a listener has it: port 0 where the kernel chose the port. Several
  // sockets of one address are those of several workers.
  void Add(const net::SocketAddress& address, net::Fd socket, SocketOrigin origin);

  // What there is of that address, which is then gone from here; no descriptors if there is none.
  Entry Take(const net::SocketAddress& address);

  std::vector<net::SocketAddress> addresses() const;
  const std::map<net::SocketAddress, Entry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }

 private:
  std::map<net::SocketAddress, Entry> entries_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_INHERITED_SOCKETS_H_
