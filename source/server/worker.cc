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
// After an error of accept that waiting for readiness does not cure.
constexpr Duration kErrorPause = std::chrono::milliseconds(100);
constexpr std::string_view kSelf = "listener";

bool IsExhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

// One listening socket of this worker. The timer ends it when it is retired.
struct Worker::Acceptor final : net::Timer {
  Acceptor(net::EventLoop& loop, WorkerListener listener)
      : snapshot(std::move(listener.snapshot)), socket(std::move(listener.socket)), scope(loop) {}
  // The workers' sockets of a unix path are duplicates of one.
  ~Acceptor() override { scope.loop().Unwatch(socket.get()); }

  void OnTimer() override { scope.Cancel(net::CancelReason::kDrained); }

  ListenerSnapshotPtr snapshot;
  net::Fd socket;
  net::FdEvents events;
  net::Scope scope;
  // A connection has ended, and with it a descriptor has become free.
  net::Readiness descriptor_freed;
  bool retired = false;
};

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(uint32_t index,
                                                       const net::ResolverOptions& resolver,
                                                       stats::Registry& stats) {
  std::unique_ptr<Worker> worker(new Worker(index, stats));
  auto made = net::AresResolver::Create(worker->loop_, resolver);
  if (!made.ok()) return made.status();
  worker->resolver_ = *std::move(made);
  worker->counting_resolver_ = std::make_unique<CountingResolver>(*worker->resolver_, index, stats);
  worker->services_ = std::make_unique<filter::Worker>(
      filter::Worker{index, worker->loop_, *worker->counting_resolver_});
  return worker;
}

Worker::Worker(uint32_t, stats::Registry& stats)
    : stats_{&stats.GetCounter("culvert_connections_accepted_total", {},
                               "Connections that were accepted."),
             &stats.GetCounter("culvert_connections_refused_total", {},
                               "Connections closed at once because of a limit."),
             &stats.GetCounter(
                 "culvert_accept_exhausted_total", {},
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
    resolver_.reset();
    loop_.Stop();
  });
  if (thread_.joinable()) thread_.join();
}

void Worker::Apply(std::vector<WorkerListener> listeners) {
  // std::function wants to copy what it holds.
  auto shared = std::make_shared<std::vector<WorkerListener>>(std::move(listeners));
  loop_.Post([this, shared] { ApplyOnLoop(*shared); });
}

void Worker::ApplyOnLoop(std::vector<WorkerListener>& listeners) {
  std::vector<net::SocketAddress> unchanged;
  for (Acceptor& acceptor : acceptors_) {
    if (acceptor.retired) continue;
    const auto same = [&](const WorkerListener& listener) {
      return !listener.socket.valid() && listener.snapshot->address == acceptor.snapshot->address;
    };
    const auto kept = std::find_if(listeners.begin(), listeners.end(), same);
    if (kept == listeners.end()) {
      RetireAcceptor(acceptor);
    } else {
      if (kept->unchanged) unchanged.push_back(kept->snapshot->address);
      if (kept->snapshot->backlog != acceptor.snapshot->backlog)
        listen(acceptor.socket.get(), kept->snapshot->backlog);
      acceptor.snapshot = std::move(kept->snapshot);
      listeners.erase(kept);
    }
  }
  for (Connection& connection : connections_) {
    connection.Retire(std::ranges::find(unchanged, connection.listener().address) ==
                      unchanged.end());
  }
  for (WorkerListener& listener : listeners) Listen(std::move(listener));
}

void Worker::Listen(WorkerListener listener) {
  Acceptor& acceptor = acceptors_.emplace_back(loop_, std::move(listener));
  if (!loop_.Watch(acceptor.socket.get(), acceptor.events)) {
    log::Error("listener {}: the kernel refuses to watch its socket", acceptor.snapshot->name);
  }
  const auto self = std::prev(acceptors_.end());
  net::Spawn(acceptor.scope, Accept(acceptor), [this, self] {
    acceptors_.erase(self);
    CheckIdle();
  });
}

void Worker::RetireAcceptor(Acceptor& acceptor) {
  acceptor.retired = true;
  RefuseNewConnections(acceptor.snapshot->address, acceptor.socket.get());
  loop_.timers().Arm(acceptor, loop_.now() + kHandshakeGrace);
}

Task<void> Worker::Accept(Acceptor& acceptor) {
  int batch = 0;
  while (true) {
    if (AcceptOne(acceptor)) {
      if (++batch % kAcceptBatch == 0) co_await net::Yield();
      continue;
    }
    const int error = errno;
    WaitOutcome outcome = WaitOutcome::kReady;
    if (error == EAGAIN || error == EWOULDBLOCK) {
      NoteRecovered();
      acceptor.events.readable.Clear();
      outcome = co_await Wait(kNever, &acceptor.events.readable);
    } else {
      if (IsExhaustion(error)) NoteExhausted();
      acceptor.descriptor_freed.Clear();
      outcome = co_await Wait(loop_.now() + kErrorPause, &acceptor.descriptor_freed);
    }
    if (outcome != WaitOutcome::kCancelled) continue;
    // What the kernel has accepted is ours: nobody is left in the queue.
    while (AcceptOne(acceptor)) {
    }
    co_return;
  }
}

bool Worker::AcceptOne(Acceptor& acceptor) {
  sockaddr_storage peer;
  socklen_t length = sizeof peer;
  net::Fd fd(accept4(acceptor.socket.get(), reinterpret_cast<sockaddr*>(&peer), &length,
                     SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) {
    // The connection is gone before we had it: the next may be fine.
    return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
  }
  stats_.accepted->Add(services_->index);
  const ListenerSnapshot& listener = *acceptor.snapshot;
  filter::ConnectionContext::Origin origin;
  origin.id = (uint64_t{services_->index} << 48) | next_id_++;
  origin.remote_address =
      net::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&peer), length)
          .value_or(net::SocketAddress())
          .Unmapped();
  origin.local_address = listener.address;
  if (listener.address.is_ip() && listener.needs_local_address) {
    length = sizeof peer;
    getsockname(fd.get(), reinterpret_cast<sockaddr*>(&peer), &length);
    origin.local_address =
        net::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&peer), length)
            .value_or(listener.address)
            .Unmapped();
  }
  const net::IpAddress* source =
      origin.remote_address.is_ip() ? &origin.remote_address.ip() : nullptr;
  if (const std::string_view reason = listener.limits->TryAdd(source); !reason.empty()) {
    Refuse(acceptor, origin, reason);
    return true;
  }
  Connection& connection =
      connections_.emplace_back(*services_, acceptor.snapshot, std::move(origin));
  connection_count_.store(connections_.size(), std::memory_order_relaxed);
  if (draining_) {
    connection.context().Drain();
  } else if (acceptor.retired) {
    connection.Retire(true);
  }
  if (closing_ != net::CancelReason::kNone) connection.context().scope().Cancel(closing_);
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

void Worker::Refuse(Acceptor& acceptor, const filter::ConnectionContext::Origin& origin,
                    std::string_view reason) {
  stats_.refused->Add(services_->index);
  filter::ConnectionContext context(*services_, acceptor.snapshot->context, origin);
  context.End(kSelf, {Side::kLocal, Stage::kAccept, reason});
  context.LogRecord();
}

void Worker::NoteExhausted() {
  stats_.out_of_descriptors->Add(services_->index);
  if (exhausted_) return;
  exhausted_ = true;
  log::Warning(
      "out of file descriptors or memory: accepting pauses until connections end; raise the limit "
      "(ulimit -n)"
      " or set process.max_connections");
}

// Only an empty queue shows that it is over: said at each connection that could be taken, it would
// be said for ever.
void Worker::NoteRecovered() {
  if (std::exchange(exhausted_, false)) log::Info("accepting connections again");
}

void Worker::OnConnectionDone(std::list<Connection>::iterator connection) {
  connections_.erase(connection);
  connection_count_.store(connections_.size(), std::memory_order_relaxed);
  if (exhausted_) {
    for (Acceptor& acceptor : acceptors_) acceptor.descriptor_freed.Signal();
  }
  CheckIdle();
}

void Worker::CheckIdle() {
  if (on_idle_ && connections_.empty() && acceptors_.empty()) std::exchange(on_idle_, nullptr)();
}

void Worker::Drain(net::EventLoop& loop, std::function<void()> on_idle) {
  loop_.Post([this, &loop, on_idle = std::move(on_idle)] {
    for (Connection& connection : connections_) connection.context().Drain();
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
    closing_ = reason;
    for (Acceptor& acceptor : acceptors_) acceptor.scope.Cancel(reason);
    for (Connection& connection : connections_) connection.context().scope().Cancel(reason);
  });
}

}  // namespace culvert::server
