#include "source/net/ares_channel.h"

#include <arpa/nameser.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <utility>

#include "source/base/status.h"
#include "source/net/scope.h"
#include "source/net/stream_io.h"

namespace culvert::net {
namespace {

// So often is a socket served before the others of the loop have a turn.
constexpr int kServeBurst = 16;

int InitLibrary() {
  static std::once_flag once;
  static int status;
  std::call_once(once, [] { status = ares_library_init(ARES_LIB_INIT_ALL); });
  return status;
}

int ToMilliseconds(Duration duration) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(std::clamp<int64_t>(count, 1, std::numeric_limits<int>::max()));
}

absl::Status AresError(int status) {
  return Internal(fmt::format("c-ares: {}", ares_strerror(status)));
}

}  // namespace

struct AresChannel::Socket {
  Socket(EventLoop& loop, int socket_fd, ares_channel owner)
      : scope(loop), fd(socket_fd), channel(owner) {}

  Scope scope;
  FdEvents events;
  const int fd;
  const ares_channel channel;
  bool wants_write = false;
  bool closed = false;  // then the channel may be gone
};

absl::StatusOr<std::unique_ptr<AresChannel>> AresChannel::Create(EventLoop& loop,
                                                                 const AresOptions& options) {
  std::unique_ptr<AresChannel> channel(new AresChannel(loop, options.query_timeout));
  const absl::Status status = channel->Open(options);
  if (!status.ok()) return status;
  return channel;
}

absl::Status AresChannel::Open(const AresOptions& options) {
  if (const int status = InitLibrary(); status != ARES_SUCCESS) return AresError(status);
  std::string resolv_conf = options.servers.empty() ? options.resolv_conf : "/dev/null";
  ares_options ares{};
  ares.flags = ARES_FLAG_NOALIASES;
  ares.timeout = ToMilliseconds(options.query_timeout);
  ares.tries = std::max(options.tries, 1);
  ares.resolvconf_path = resolv_conf.data();
  ares.udp_port = options.resolv_conf_port;
  ares.tcp_port = options.resolv_conf_port;
  ares.sock_state_cb_data = this;
  ares.sock_state_cb = [](void* self, ares_socket_t fd, int wants_read, int wants_write) {
    static_cast<AresChannel*>(self)->OnSocketState(fd, wants_read != 0, wants_write != 0);
  };
  int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_RESOLVCONF |
              ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT | ARES_OPT_SOCK_STATE_CB;
  if (!options.servers.empty()) given |= ARES_OPT_DOMAINS;  // there are none
  if (const int status = ares_init_options(&channel_, &ares, given); status != ARES_SUCCESS) {
    return AresError(status);
  }
  return options.servers.empty() ? absl::OkStatus() : SetServers(options.servers);
}

absl::Status AresChannel::SetServers(const std::vector<SocketAddress>& servers) {
  std::vector<ares_addr_port_node> nodes(servers.size());
  for (size_t i = 0; i < servers.size(); ++i) {
    const SocketAddress& server = servers[i];
    if (!server.is_ip() || server.port() == 0) {
      return InvalidArgument(fmt::format("'{}' is no name server", server.ToString()));
    }
    ares_addr_port_node& node = nodes[i];
    node.next = i + 1 < nodes.size() ? &nodes[i + 1] : nullptr;
    node.family = server.family();
    std::memcpy(&node.addr, server.ip().bytes().data(), server.ip().bytes().size());
    node.udp_port = server.port();
    node.tcp_port = server.port();
  }
  const int status = ares_set_servers_ports(channel_, nodes.data());
  return status == ARES_SUCCESS ? absl::OkStatus() : AresError(status);
}

AresChannel::~AresChannel() {
  if (channel_ != nullptr) ares_destroy(channel_);
}

void AresChannel::Search(const std::string& name, int type, ares_callback callback,
                         void* argument) {
  ares_search(channel_, name.c_str(), ns_c_in, type, callback, argument);
  // No question gives up on a server sooner than this. Asking c-ares would go through them all.
  retry_.NotAfter(After(loop_.now(), query_timeout_));
}

void AresChannel::Retry::NotAfter(TimePoint when) {
  if (armed() && when_ <= when) return;
  when_ = when;
  channel_.loop_.timers().Arm(*this, when);
}

void AresChannel::ProcessTimeouts() {
  ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  timeval left;
  if (ares_timeout(channel_, nullptr, &left) == nullptr) return;
  // c-ares leaves away what is less than a millisecond.
  const Duration until = std::chrono::seconds(left.tv_sec) +
                         std::chrono::microseconds(left.tv_usec) + std::chrono::milliseconds(1);
  retry_.NotAfter(After(loop_.now(), until));
}

// Called when c-ares has opened a socket, wants to write or no longer wants to, and, with neither
// wish, before it closes the socket.
void AresChannel::OnSocketState(int fd, bool wants_read, bool wants_write) {
  std::shared_ptr<Socket>& socket = sockets_[fd];
  if (!wants_read && !wants_write) {
    if (socket != nullptr) {
      socket->closed = true;
      socket->scope.Cancel(CancelReason::kSuperseded);
    }
    sockets_.erase(fd);
    return;
  }
  if (socket == nullptr) {
    socket = std::make_shared<Socket>(loop_, fd, channel_);
    // A socket that cannot be watched is silent; c-ares goes on to the next server in time.
    if (loop_.Watch(fd, socket->events)) {
      Spawn(socket->scope, Serve(socket), [owner = socket] {});
    }
  }
  socket->wants_write = wants_write;
  // It may have been writable for long: no edge would come.
  if (wants_write) socket->events.writable.Signal();
}

// Hands what happens on the socket to c-ares, which may read only a part each time, until poll(2)
// says that nothing is left: only then does a new edge come. Waits before it first does so, since
// it is started by c-ares.
Task<void> AresChannel::Serve(std::shared_ptr<Socket> socket) {
  int burst = 0;
  while (true) {
    socket->events.readable.Clear();
    socket->events.writable.Clear();
    const WaitOutcome outcome =
        co_await Wait(kNever, &socket->events.readable, &socket->events.writable);
    while (outcome == WaitOutcome::kReady && !socket->closed) {
      pollfd polled{.fd = socket->fd, .events = POLLIN, .revents = 0};
      if (socket->wants_write) polled.events |= POLLOUT;
      if (poll(&polled, 1, 0) <= 0) break;
      const bool can_read = (polled.revents & ~POLLOUT) != 0;
      const bool can_write = (polled.revents & POLLOUT) != 0;
      ares_process_fd(socket->channel, can_read ? socket->fd : ARES_SOCKET_BAD,
                      can_write ? socket->fd : ARES_SOCKET_BAD);
      if (++burst % kServeBurst == 0) co_await Yield();
    }
    if (socket->closed) co_return;
  }
}

}  // namespace culvert::net
