#include "source/server/listening_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "source/base/status.h"

namespace culvert::server {
namespace {

std::string Remedy(int error, const net::SocketAddress& address) {
  switch (error) {
    case EADDRINUSE:
      return "another process listens there; stop it or choose another address";
    case EACCES:
      if (address.is_unix()) return "check the permissions of the folder";
      return "ports below 1024 need root or CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return "no interface of this machine has that address";
    case EMFILE:
    case ENFILE:
      return "out of file descriptors; raise the limit (ulimit -n)";
    default:
      return "check the address";
  }
}

absl::Status Failed(const char* call, int error, const net::SocketAddress& address) {
  return FailedPrecondition(fmt::format("cannot listen on {}: {}: {}; {}", address.ToString(), call,
                                        std::strerror(error), Remedy(error, address)));
}

void SetFlag(int fd, int level, int option, int value = 1) {
  setsockopt(fd, level, option, &value, sizeof value);
}

// A socket file that a process left behind when it died would be in the way for ever.
void RemoveStaleSocket(const sockaddr_storage& storage, socklen_t length) {
  const auto* address = reinterpret_cast<const sockaddr_un*>(&storage);
  struct stat info;
  if (address->sun_path[0] == '\0' || stat(address->sun_path, &info) != 0 ||
      !S_ISSOCK(info.st_mode))
    return;
  net::Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool alive = connect(probe.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0;
  if (!alive && errno == ECONNREFUSED) unlink(address->sun_path);
}

absl::StatusOr<net::Fd> OpenOne(const net::SocketAddress& address, int backlog) {
  sockaddr_storage storage;
  socklen_t length = 0;
  address.ToSockaddr(&storage, &length);
  net::Fd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Failed("socket", errno, address);
  if (address.is_unix()) {
    RemoveStaleSocket(storage, length);
  } else {
    SetFlag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    SetFlag(fd.get(), SOL_SOCKET, SO_REUSEPORT);
    // Inherited by what is accepted, which saves a call for each connection.
    SetFlag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
    SetFlag(fd.get(), SOL_SOCKET, SO_KEEPALIVE);
    if (address.ip().is_v6())
      SetFlag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, address.ip() == net::IpAddress::V6({}) ? 0 : 1);
  }
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0)
    return Failed("bind", errno, address);
  if (listen(fd.get(), backlog) != 0) return Failed("listen", errno, address);
  return fd;
}

// SO_REUSEPORT lets two processes of one user share a port, which would hide that an old one still
// runs.
absl::Status CheckFree(const net::SocketAddress& address) {
  if (address.is_unix() || address.port() == 0) return absl::OkStatus();
  sockaddr_storage storage;
  socklen_t length = 0;
  address.ToSockaddr(&storage, &length);
  net::Fd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Failed("socket", errno, address);
  SetFlag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (address.ip().is_v6())
    SetFlag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, address.ip() == net::IpAddress::V6({}) ? 0 : 1);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0)
    return Failed("bind", errno, address);
  return absl::OkStatus();
}

absl::StatusOr<net::SocketAddress> BoundAddress(int fd, const net::SocketAddress& fallback) {
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return fallback;
  return net::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length)
      .value_or(fallback);
}

}  // namespace

absl::StatusOr<std::vector<net::Fd>> OpenListeningSockets(const net::SocketAddress& address,
                                                          int backlog, uint32_t count) {
  if (absl::Status free = CheckFree(address); !free.ok()) return free;
  std::vector<net::Fd> sockets;
  net::SocketAddress wanted = address;
  for (uint32_t i = 0; i < count; ++i) {
    if (address.is_unix() && i > 0) {
      net::Fd copy(fcntl(sockets.front().get(), F_DUPFD_CLOEXEC, 0));
      if (!copy.valid()) return Failed("dup", errno, address);
      sockets.push_back(std::move(copy));
      continue;
    }
    auto fd = OpenOne(wanted, backlog);
    if (!fd.ok()) return fd.status();
    // Port 0: the kernel has chosen one, which the other workers' sockets must have as well.
    if (i == 0) wanted = *BoundAddress(fd->get(), wanted);
    sockets.push_back(*std::move(fd));
  }
  return sockets;
}

void RefuseNewConnections(const net::SocketAddress& address, int fd) {
  if (address.is_unix()) {
    // The kernel refuses whoever comes now; what is in the queue can still be taken.
    shutdown(fd, SHUT_RD);
    return;
  }
  // The filter sees the TCP header: byte 13 has the flags. SYN without ACK begins a connection.
  std::array<sock_filter, 5> code = {{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN | TH_ACK),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TH_SYN, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  }};
  const sock_fprog program{.len = code.size(), .filter = code.data()};
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

}  // namespace culvert::server
