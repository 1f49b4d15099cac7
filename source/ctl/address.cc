#include "source/ctl/address.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "source/base/status.h"

namespace culvert::ctl {
namespace {

struct Freer {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

std::string Explain(const Address& address, int error) {
  const std::string where = address.ToString();
  const bool is_unix = address.unix_socket.has_value();
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return fmt::format(
          "no server at {}: there is no such socket; does culvert run with this state_directory? "
          "--address or CULVERT_ADMIN_ADDRESS say where else to look",
          where);
    case EACCES:
    case EPERM:
      return fmt::format(
          "permission denied at {}: only the user that culvert runs as, and root, may open it",
          where);
    case ECONNREFUSED:
      return fmt::format("no server at {}: connection refused; {}", where,
                         is_unix ? "the socket is there, but the server that made it is gone"
                                 : "is culvert running, and is this its process.admin.address?");
    case ENOTSOCK:
      return fmt::format("no server at {}: this is no socket", where);
    case EAGAIN:
    case EINPROGRESS:
    case ETIMEDOUT:
      return fmt::format("no answer from {}: the connection was not made in time", where);
    default:
      return fmt::format("cannot connect to {}: {}", where, std::strerror(error));
  }
}

// A connect that blocks obeys the time-out for sending.
void LimitConnect(int fd, TimePoint deadline) {
  const auto left =
      std::max<Clock::duration>(deadline - Clock::now(), std::chrono::milliseconds(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timeval limit = {
      .tv_sec = seconds.count(),
      .tv_usec = std::chrono::duration_cast<std::chrono::microseconds>(left - seconds).count()};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

// A connected socket, or none and errno.
net::Fd TryConnect(const sockaddr* address, socklen_t length, TimePoint deadline) {
  net::Fd fd(socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fd;
  LimitConnect(fd.get(), deadline);
  if (connect(fd.get(), address, length) != 0) {
    const int error = errno;
    fd.Close();
    errno = error;
    return fd;
  }
  const timeval no_limit = {};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &no_limit, sizeof no_limit);
  return fd;
}

absl::StatusOr<net::Fd> ConnectUnix(const Address& address, TimePoint deadline) {
  sockaddr_storage storage{};
  socklen_t length = 0;
  address.unix_socket->ToSockaddr(&storage, &length);
  net::Fd fd = TryConnect(reinterpret_cast<const sockaddr*>(&storage), length, deadline);
  if (!fd.valid()) return Unavailable(Explain(address, errno));
  return fd;
}

absl::StatusOr<net::Fd> ConnectTcp(const Address& address, TimePoint deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failure != 0) {
    return Unavailable(
        fmt::format("cannot find the host of {}: {}", address.ToString(), gai_strerror(failure)));
  }
  const std::unique_ptr<addrinfo, Freer> list(found);
  int error = 0;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    net::Fd fd = TryConnect(entry->ai_addr, entry->ai_addrlen, deadline);
    if (fd.valid()) {
      const int on = 1;
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return fd;
    }
    error = errno;
  }
  return Unavailable(Explain(address, error));
}

}  // namespace

std::string Address::ToString() const {
  if (unix_socket) return unix_socket->ToString();
  const bool is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

absl::StatusOr<Address> ParseAddress(std::string_view text) {
  const bool is_path = text.find('/') != std::string_view::npos;
  if (text.starts_with("unix:") || is_path) {
    const auto parsed = net::SocketAddress::Parse(
        text.starts_with("unix:") ? std::string(text) : fmt::format("unix:{}", text));
    if (!parsed.ok()) return parsed.status();
    return Address{.unix_socket = *parsed};
  }
  const auto parsed = net::HostPort::Parse(text);
  if (!parsed.ok()) {
    return InvalidArgument(fmt::format(
        "'{}' is no address of a server; write unix:PATH, a path such as ./admin.sock, or "
        "HOST:PORT",
        text));
  }
  return Address{.unix_socket = std::nullopt, .host = parsed->host(), .port = parsed->port()};
}

absl::StatusOr<net::Fd> Connect(const Address& address, TimePoint deadline) {
  return address.unix_socket ? ConnectUnix(address, deadline) : ConnectTcp(address, deadline);
}

}  // namespace culvert::ctl
