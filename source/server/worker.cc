#include "source/server/worker.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "source/base/log.h"
#include "source/net/socket_stream.h"
#include "source/net/stream_io.h"
#include "source/server/listening_socket.h"

namespace culvert::server {

using net::Task;
using net::Wait;
using net::WaitOutcome;

namespace {

// Connections accepted before the others of the loop have their turn.
constexpr int kAcceptBatch = 64;
// Handshakes that were under way when a socket stopped taking new ones get so long to end.
constexpr Duration kHandshakeGrace = std::chrono::milliseconds(50);
constexpr Duration kExhaustedPause = std::chrono::milliseconds(100);
constexpr std::string_view kSelf = "listener";

bool IsExhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

// One listening socket of this worker.
struct Worker::Acceptor {
  Acceptor(net::EventLoop& loop, WorkerListener listener)
      : snapshot(std::move(listener.snapshot)), socket(std::move(listener.socket)), scope(loop) {}

  ListenerSnapshotPtr snapshot;
  net::Fd socket;
  net::FdEvents events;
  net::Scope scope;
  bool retired = false;
};

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(uint32_t index, const net::ResolverOptions& resolver,
                                                       stats::Registry& stats) {
  std::unique_ptr<Worker> worker(new Worker(index, stats));
  auto made = net::AresResolver::Create(worker->loop_, resolver);
  if (!made.ok()) return made.status();
  worker->resolver_ = *std::move(made);
  worker->services_ =
      std::make_unique<filter::Worker>(filter::Worker{index, worker->loop_, *worker->resolver_});
  return worker;
}

Worker::Worker(uint32_t, stats::Registry& stats)
    : stats_{&stats.GetCounter("culvert_connections_accepted_total", {}, "Connections that were accepted."),
             &stats.GetCounter("culvert_connections_refused_total", {}, "Connections closed at once because of a limit."),
             &stats.GetCounter("culvert_accept_exhausted_total", {},
                               "Times that accepting paused because descriptors or memory had run out.")} {}

Worker::~Worker() = default;

void Worker::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), fmt::format("worker {}", services_->index).c_str());
    loop_.Run();
  });
}

void Worker::Stop() {
  loop_.Post([this] {
    scope_.Cancel(net::CancelReason::kShutdown);
    resolver_.reset();
    // One more round lets what was cancelled end.
    loop_.Post([this] { loop_.Stop(); });
  });
  if (thread_.joinable()) thread_.join();
}

void Worker::Apply(std::vector<WorkerListener> listeners) {
  // std::function wants to copy what it holds.
  auto shared = std::make_shared<std::vector<WorkerListener>>(std::move(listeners));
  loop_.Post([this, shared] { ApplyOnLoop(*shared); });
}

void Worker::ApplyOnLoop(std::vector<WorkerListener>& listeners) {
  for (Acceptor& acceptor : acceptors_) {
    if (acceptor.retired) continue;
    const auto same = [&](const WorkerListener& listener) {
      return !listener.socket.valid() && listener.snapshot->address == acceptor.snapshot->address;
    };
    const auto kept = std::find_if(listeners.begin(), listeners.end(), same);
    if (kept == listeners.end()) {
      RetireAcceptor(acceptor);
    } else {
      acceptor.snapshot = std::move(kept->snapshot);
      listeners.erase(kept);
    }
  }
  for (Connection& connection : connections_) connection.Retire();
  for (WorkerListener& listener : listeners) Listen(std::move(listener));
}

void Worker::Listen(WorkerListener listener) {
  Acceptor& acceptor = acceptors_.emplace_back(loop_, std::move(listener));
  if (!loop_.Watch(acceptor.socket.get(), acceptor.events)) {
    log::Error("listener {}: the kernel refuses to watch its socket", acceptor.snapshot->name);
  }
  const auto self = std::prev(acceptors_.end());
  net::Spawn(acceptor.scope, Accept(acceptor), [this, self] { acceptors_.erase(self); });
}

void Worker::RetireAcceptor(Acceptor& acceptor) {
  acceptor.retired = true;
  if (acceptor.snapshot->address.is_ip()) RefuseNewConnections(acceptor.socket.get());
  net::Spawn(scope_, CloseAcceptor(acceptor), [] {});
}

Task<void> Worker::CloseAcceptor(Acceptor& acceptor) {
  co_await net::SleepUntil(loop_.now() + kHandshakeGrace);
  acceptor.scope.Cancel(net::CancelReason::kDrained);
}

Task<void> Worker::Accept(Acceptor& acceptor) {
  int batch = 0;
  while (true) {
    if (AcceptOne(acceptor)) {
      if (exhausted_) {
        exhausted_ = false;
        log::Info("accepting connections again");
      }
      if (++batch % kAcceptBatch == 0) co_await net::Yield();
      continue;
    }
    const int error = errno;
    WaitOutcome outcome = WaitOutcome::kReady;
    if (error == EAGAIN || error == EWOULDBLOCK) {
      acceptor.events.readable.Clear();
      outcome = co_await Wait(kNever, &acceptor.events.readable);
    } else if (IsExhaustion(error)) {
      NoteExhausted();
      descriptor_freed_.Clear();
      outcome = co_await Wait(loop_.now() + kExhaustedPause, &descriptor_freed_);
    }
    if (outcome != WaitOutcome::kCancelled) continue;
    // What the kernel has accepted is ours: nobody is left in the queue.
    while (AcceptOne(acceptor)) {
    }
    break;
  }
  CheckIdle();
}

bool Worker::AcceptOne(Acceptor& acceptor) {
  sockaddr_storage peer;
  socklen_t length = sizeof peer;
  net::Fd fd(accept4(acceptor.socket.get(), reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) {
    // The connection is gone before we had it: the next may be fine.
    return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
  }
  stats_.accepted->Add(services_->index);
  const ListenerSnapshot& listener = *acceptor.snapshot;
  filter::ConnectionContext::Origin origin;
  origin.id = (uint64_t{services_->index} << 48) | next_id_++;
  origin.remote_address =
      net::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&peer), length).value_or(net::SocketAddress()).Unmapped();
  origin.local_address = listener.address;
  if (listener.address.is_ip() && listener.needs_local_address) {
    length = sizeof peer;
    getsockname(fd.get(), reinterpret_cast<sockaddr*>(&peer), &length);
    origin.local_address =
        net::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&peer), length).value_or(listener.address).Unmapped();
  }
  const net::IpAddress* source = origin.remote_address.is_ip() ? &origin.remote_address.ip() : nullptr;
  if (const std::string_view reason = listener.limits->TryAdd(source); !reason.empty()) {
    Refuse(acceptor, origin, reason);
    return true;
  }
  Connection& connection = connections_.emplace_back(*services_, acceptor.snapshot, std::move(origin));
  connection_count_.store(connections_.size(), std::memory_order_relaxed);
  if (draining_) connection.context().Retire();
  const auto self = std::prev(connections_.end());
  std::unique_ptr<net::SocketStream> stream = net::SocketStream::Create(loop_, std::move(fd));
  if (stream == nullptr) {
    connection.context().End(kSelf, {Side::kLocal, Stage::kAccept, "out_of_resources"});
    connection.context().LogRecord();
    OnConnectionDone(self);
    return true;
  }
  connection.Start(std::move(stream), [this, self] { OnConnectionDone(self); });
  return true;
}

void Worker::Refuse(Acceptor& acceptor, const filter::ConnectionContext::Origin& origin, std::string_view reason) {
  stats_.refused->Add(services_->index);
  filter::ConnectionContext context(*services_, acceptor.snapshot->context, origin);
  context.End(kSelf, {Side::kLocal, Stage::kAccept, reason});
  context.LogRecord();
}

void Worker::NoteExhausted() {
  stats_.out_of_descriptors->Add(services_->index);
  if (exhausted_) return;
  exhausted_ = true;
  log::Warning("out of file descriptors or memory: accepting pauses until connections end; raise the limit (ulimit -n)"
               " or set process.max_connections");
}

void Worker::OnConnectionDone(std::list<Connection>::iterator connection) {
  connections_.erase(connection);
  connection_count_.store(connections_.size(), std::memory_order_relaxed);
  descriptor_freed_.Signal();
  CheckIdle();
}

void Worker::CheckIdle() {
  if (!on_idle_ || !connections_.empty()) return;
  for (const Acceptor& acceptor : acceptors_) {
    // The one that asks is still in the list, cancelled.
    if (!acceptor.scope.cancelled()) return;
  }
  std::exchange(on_idle_, nullptr)();
}

void Worker::Drain(net::EventLoop& loop, std::function<void()> on_idle) {
  loop_.Post([this, &loop, on_idle = std::move(on_idle)] {
    for (Connection& connection : connections_) connection.context().Retire();
    draining_ = true;
    on_idle_ = [&loop, on_idle] { loop.Post(on_idle); };
    for (Acceptor& acceptor : acceptors_) {
      if (!acceptor.retired) RetireAcceptor(acceptor);
    }
    CheckIdle();
  });
}

void Worker::CloseAll(net::CancelReason reason) {
  loop_.Post([this, reason] {
    for (Acceptor& acceptor : acceptors_) acceptor.scope.Cancel(reason);
    for (Connection& connection : connections_) connection.context().scope().Cancel(reason);
    CheckIdle();
  });
}

}  // namespace culvert::server
