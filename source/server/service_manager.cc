#include "source/server/service_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

#include "source/base/status.h"
#include "source/base/time.h"

namespace culvert::server {
namespace {

constexpr timeval kNotifyTimeout{.tv_sec = 2, .tv_usec = 0};
constexpr int kMostSockets = 4096;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string TakeEnvironment(const char* name) {
  std::string value = Environment(name);
  unsetenv(name);
  return value;
}

std::optional<int> ParseNumber(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int Option(int fd, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  getsockopt(fd, SOL_SOCKET, option, &value, &length);
  return value;
}

std::optional<net::SocketAddress> ListeningAddress(int fd) {
  if (Option(fd, SO_TYPE) != SOCK_STREAM || Option(fd, SO_ACCEPTCONN) != 1) return std::nullopt;
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (getsockname(fd, address, &length) != 0) return std::nullopt;
  return net::SocketAddress::FromSockaddr(address, length);
}

// The part before the next ':', which is gone from `names` then.
std::string_view NextName(std::string_view& names) {
  const std::string_view name = names.substr(0, names.find(':'));
  names.remove_prefix(std::min(names.size(), name.size() + 1));
  return name;
}

}  // namespace

ServiceManager ServiceManager::FromEnvironment() {
  return ServiceManager(Environment("NOTIFY_SOCKET"));
}

void ServiceManager::Reloading() const {
  const auto now = Clock::now().time_since_epoch();
  Notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                     std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void ServiceManager::ChangeMainPid(pid_t pid) const { Notify(fmt::format("MAINPID={}", pid)); }

void ServiceManager::SetStatus(std::string_view status) const {
  std::string line = fmt::format("STATUS={}", status);
  std::ranges::replace(line, '\n', ' ');
  Notify(line);
}

void ServiceManager::Notify(std::string_view assignments) const {
  if (!notify_socket_.starts_with('/') && !notify_socket_.starts_with('@')) return;
  const auto address = net::SocketAddress::Parse("unix:" + notify_socket_);
  if (!address.ok()) return;
  sockaddr_storage storage;
  socklen_t length = 0;
  address->ToSockaddr(&storage, &length);
  const net::Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kNotifyTimeout, sizeof kNotifyTimeout);
  [[maybe_unused]] const ssize_t sent =
      sendto(fd.get(), assignments.data(), assignments.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&storage), length);
}

ActivationEnvironment TakeActivationEnvironment() {
  return {TakeEnvironment("LISTEN_PID"), TakeEnvironment("LISTEN_FDS"),
          TakeEnvironment("LISTEN_FDNAMES")};
}

absl::StatusOr<std::vector<ActivationSocket>> TakeActivationSockets(
    const ActivationEnvironment& environment, int first) {
  if (ParseNumber(environment.pid) != getpid()) return std::vector<ActivationSocket>();
  const std::optional<int> count = ParseNumber(environment.count);
  if (!count || *count < 0 || *count > kMostSockets) {
    return InvalidArgument(
        fmt::format("LISTEN_FDS={}: it is a number up to {}", environment.count, kMostSockets));
  }
  std::vector<net::Fd> descriptors;
  for (int i = 0; i < *count; ++i) descriptors.emplace_back(first + i);
  std::string_view names = environment.names;
  std::vector<ActivationSocket> sockets;
  for (net::Fd& fd : descriptors) {
    const std::string_view name = NextName(names);
    const auto address = ListeningAddress(fd.get());
    if (!address) {
      return InvalidArgument(fmt::format(
          "descriptor {} ({}) of the service manager is no listening stream socket; check the "
          "socket unit (ListenStream=, Accept=no)",
          fd.get(), name));
    }
    fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
    sockets.push_back({std::string(name), *address, std::move(fd)});
  }
  return sockets;
}

}  // namespace culvert::server
