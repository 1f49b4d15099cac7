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

bool IsWildcard(const net::IpAddress& ip) {
  return ip == net::IpAddress() || ip == net::IpAddress::V6({});
}

void SetDualStack(int fd, const net::SocketAddress& address) {
  if (address.ip().is_v6())
    SetFlag(fd, IPPROTO_IPV6, IPV6_V6ONLY, IsWildcard(address.ip()) ? 0 : 1);
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

// Inherited by what is accepted, which saves a call for each connection.
void SetTcpFlags(int fd) {
  SetFlag(fd, IPPROTO_TCP, TCP_NODELAY);
  SetFlag(fd, SOL_SOCKET, SO_KEEPALIVE);
}

absl::StatusOr<net::Fd> BindOne(const net::SocketAddress& address) {
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
    SetTcpFlags(fd.get());
    SetDualStack(fd.get(), address);
  }
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0)
    return Failed("bind", errno, address);
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
  SetDualStack(fd.get(), address);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0)
    return Failed("bind", errno, address);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<net::Fd>> BindSockets(const net::SocketAddress& address, uint32_t count,
                                                 bool overlaps) {
  if (!overlaps) {
    if (absl::Status free = CheckFree(address); !free.ok()) return free;
  }
  std::vector<net::Fd> sockets;
  net::SocketAddress wanted = address;
  for (uint32_t i = 0; i < (address.is_unix() ? 1 : count); ++i) {
    auto fd = BindOne(wanted);
    if (!fd.ok()) return fd.status();
    // Port 0: the kernel has chosen one, which the other workers' sockets must have as well.
    if (i == 0) wanted = BoundAddressOf(fd->get(), wanted);
    sockets.push_back(*std::move(fd));
  }
  return sockets;
}

absl::Status BeginToListen(const net::SocketAddress& address, int fd, int backlog) {
  if (listen(fd, backlog) != 0) return Failed("listen", errno, address);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<net::Fd>> OpenListeningSockets(const net::SocketAddress& address,
                                                          int backlog, uint32_t count) {
  auto sockets = BindSockets(address, count, false);
  if (!sockets.ok()) return sockets.status();
  for (const net::Fd& fd : *sockets) {
    absl::Status listening = BeginToListen(address, fd.get(), backlog);
    if (!listening.ok()) return listening;
  }
  return sockets;
}

absl::Status AdoptSocket(const net::SocketAddress& address, int fd) {
  int type = 0;
  socklen_t length = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM) {
    return FailedPrecondition(
        fmt::format("cannot listen on {}: what another process passed for it is no stream socket",
                    address.ToString()));
  }
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (address.is_ip()) SetTcpFlags(fd);
  return absl::OkStatus();
}

bool SharesItsPort(int fd) {
  int shares = 0;
  socklen_t length = sizeof shares;
  return getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shares, &length) == 0 && shares != 0;
}

net::SocketAddress BoundAddressOf(int fd, const net::SocketAddress& fallback) {
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return fallback;
  return net::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length)
      .value_or(fallback);
}

bool AddressesOverlap(const net::SocketAddress& a, const net::SocketAddress& b) {
  if (a.is_unix() || b.is_unix()) return a == b;
  if (a.port() != b.port() || a.port() == 0) return false;
  const auto contains = [](const net::IpAddress& outer, const net::IpAddress& inner) {
    // [::] is for both families.
    return outer == inner || (IsWildcard(outer) && (outer.is_v6() || inner.is_v4()));
  };
  return contains(a.ip(), b.ip()) || contains(b.ip(), a.ip());
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
