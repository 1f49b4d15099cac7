#include "source/server/admin_listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "source/base/log.h"
#include "source/base/status.h"
#include "source/net/event_loop.h"
#include "source/net/stream_io.h"
#include "source/net/task.h"
#include "source/server/listening_socket.h"

namespace culvert::server {

using net::SocketAddress;

namespace {

constexpr mode_t kMode = S_IRUSR | S_IWUSR;
// Who waits to be accepted; how many there may be after that is for the gate to say.
constexpr int kBacklog = 64;
constexpr int kAcceptBatch = 16;
// After an error of accept that waiting for readiness does not cure.
constexpr Duration kErrorPause = std::chrono::milliseconds(100);
// Between two lines about who was turned away.
constexpr Duration kComplaintInterval = std::chrono::seconds(10);

absl::Status ModeFailed(const SocketAddress& address, int error) {
  return FailedPrecondition(fmt::format("cannot listen on {}: chmod: {}; check the folder",
                                        address.ToString(), std::strerror(error)));
}

}  // namespace

// What outlives the listener by the round of the loop in which its coroutine ends.
class AdminListener::Acceptor {
 public:
  Acceptor(net::Fd socket, net::Scope& scope, filter::AdminGate& gate)
      : socket_(std::move(socket)), scope_(scope), gate_(gate) {}

  static void Start(std::shared_ptr<Acceptor> self) {
    if (!self->scope_.loop().Watch(self->socket_.get(), self->events_))
      log::Error(log::kAdmin, "the kernel refuses to watch the socket of the admin API");
    Acceptor& acceptor = *self;
    net::Spawn(acceptor.scope_, acceptor.Run(), [self] {});
  }

  int fd() const { return socket_.get(); }

  // Another process may have a duplicate, and go on with the queue.
  void Stop() {
    scope_.Cancel(net::CancelReason::kShutdown);
    scope_.loop().Unwatch(socket_.get());
    socket_.Close();
  }

 private:
  net::Task<void> Run();
  // False: no more to accept, see errno.
  bool AcceptOne();
  std::optional<filter::AdminCaller> Identify(const net::Fd& fd, const sockaddr_storage& peer,
                                              socklen_t length);
  void Complain(std::string_view what);

  net::Fd socket_;
  net::FdEvents events_;
  net::Scope scope_;
  filter::AdminGate& gate_;
  TimePoint next_complaint_;
  bool exhausted_ = false;
};

net::Task<void> AdminListener::Acceptor::Run() {
  int batch = 0;
  while (!scope_.cancelled()) {
    if (AcceptOne()) {
      if (++batch % kAcceptBatch == 0) co_await net::Yield();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      exhausted_ = false;
      events_.readable.Clear();
      co_await net::Wait(kNever, &events_.readable);
    } else {
      if (!std::exchange(exhausted_, true))
        log::Warning(log::kAdmin, "cannot accept: {}; trying again", std::strerror(errno));
      co_await net::SleepUntil(scope_.loop().now() + kErrorPause);
    }
  }
}

bool AdminListener::Acceptor::AcceptOne() {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  net::Fd fd(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &length,
                     SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) {
    // The connection is gone before we had it: the next may be fine.
    return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
  }
  std::optional<filter::AdminCaller> caller = Identify(fd, peer, length);
  if (!caller) return true;
  log::Debug(log::kAdmin, "{} has connected", caller->name);
  const std::string name = caller->name;
  if (!gate_.Adopt(std::move(fd), *std::move(caller)))
    Complain(fmt::format("{} was turned away: the admin API takes no more connections", name));
  return true;
}

std::optional<filter::AdminCaller> AdminListener::Acceptor::Identify(const net::Fd& fd,
                                                                     const sockaddr_storage& peer,
                                                                     socklen_t length) {
  using filter::AdminRole;
  if (peer.ss_family != AF_UNIX) {
    const auto address =
        SocketAddress::FromSockaddr(reinterpret_cast<const sockaddr*>(&peer), length);
    return filter::AdminCaller{address ? address->Unmapped().ToString() : "unknown",
                               AdminRole::kReadWrite};
  }
  ucred credentials;
  socklen_t size = sizeof credentials;
  if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  // Whatever mode somebody gave the file since.
  if (credentials.uid != 0 && credentials.uid != geteuid()) {
    Complain(fmt::format(
        "uid {} was turned away: the socket is for uid {} and for root; others come through a "
        "listener that ends in the filter 'admin'",
        credentials.uid, geteuid()));
    return std::nullopt;
  }
  return filter::AdminCaller{fmt::format("uid {}", credentials.uid), AdminRole::kReadWrite};
}

// Whoever is turned away may try again without end.
void AdminListener::Acceptor::Complain(std::string_view what) {
  const TimePoint now = scope_.loop().now();
  if (now < next_complaint_) return;
  next_complaint_ = now + kComplaintInterval;
  log::Warning(log::kAdmin, "{}", what);
}

absl::StatusOr<std::unique_ptr<AdminListener>> AdminListener::Open(const SocketAddress& address,
                                                                   net::Scope& scope,
                                                                   filter::AdminGate& gate) {
  auto sockets = BindSockets(address, 1, false);
  if (!sockets.ok()) return sockets.status();
  net::Fd socket = std::move(sockets->front());
  // Until it listens the kernel refuses whoever connects.
  if (address.is_unix() && chmod(address.unix_path().c_str(), kMode) != 0)
    return ModeFailed(address, errno);
  absl::Status listening = BeginToListen(address, socket.get(), kBacklog);
  if (!listening.ok()) return listening;
  const SocketAddress bound = BoundAddressOf(socket.get(), address);
  return std::unique_ptr<AdminListener>(
      new AdminListener(bound, std::make_shared<Acceptor>(std::move(socket), scope, gate),
                        /*removes_file=*/true, SocketOrigin::kPredecessor));
}

absl::StatusOr<std::unique_ptr<AdminListener>> AdminListener::Inherit(const SocketAddress& address,
                                                                      net::Fd socket,
                                                                      SocketOrigin origin,
                                                                      net::Scope& scope,
                                                                      filter::AdminGate& gate) {
  const SocketAddress bound = BoundAddressOf(socket.get(), address);
  absl::Status status = CheckAdminAddress(bound.ToString());
  if (status.ok()) status = AdoptSocket(bound, socket.get());
  if (status.ok()) status = BeginToListen(bound, socket.get(), kBacklog);
  if (!status.ok()) return status;
  return std::unique_ptr<AdminListener>(
      new AdminListener(bound, std::make_shared<Acceptor>(std::move(socket), scope, gate),
                        /*removes_file=*/false, origin));
}

AdminListener::AdminListener(SocketAddress address, std::shared_ptr<Acceptor> acceptor,
                             bool removes_file, SocketOrigin origin)
    : address_(std::move(address)),
      origin_(origin),
      file_(FileAt(address_)),
      removes_file_(removes_file),
      acceptor_(std::move(acceptor)) {}

AdminListener::~AdminListener() {
  Stop();
  // Another process may have put its own socket there.
  if (removes_file_ && file_ && FileAt(address_) == file_) unlink(address_.unix_path().c_str());
}

std::optional<AdminListener::FileId> AdminListener::FileAt(const SocketAddress& address) {
  struct stat info;
  if (!address.is_unix() || lstat(address.unix_path().c_str(), &info) != 0) return std::nullopt;
  return FileId{info.st_dev, info.st_ino};
}

void AdminListener::Start() {
  removes_file_ = origin_ != SocketOrigin::kServiceManager;
  Acceptor::Start(acceptor_);
  log::Info(log::kAdmin, "admin API on {}", address_.ToString());
}

absl::StatusOr<net::Fd> AdminListener::Duplicate() const {
  if (acceptor_ == nullptr) return FailedPrecondition("the admin socket was handed over");
  net::Fd copy(fcntl(acceptor_->fd(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid())
    return FailedPrecondition(fmt::format("the admin socket: dup: {}", std::strerror(errno)));
  return copy;
}

void AdminListener::HandOver() {
  removes_file_ = false;
  Stop();
}

void AdminListener::Stop() {
  if (acceptor_ == nullptr) return;
  acceptor_->Stop();
  acceptor_.reset();
}

}  // namespace culvert::server
