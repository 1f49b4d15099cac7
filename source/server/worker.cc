#include "source/server/worker.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "source/net/socket_stream.h"

namespace culvert::server {

namespace {

constexpr std::string_view kSelf = "listener";
// The worker's index stands in the upper bits of the ids of its connections.
constexpr int kIndexShift = 48;

}  // namespace

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(uint32_t index,
                                                       const net::ResolverOptions& resolver,
                                                       stats::Registry& stats,
                                                       Exhaustion& exhaustion) {
  std::unique_ptr<Worker> worker(new Worker(index, stats, exhaustion));
  auto made = net::AresResolver::Create(worker->loop_, resolver);
  if (!made.ok()) return made.status();
  worker->resolver_ = *std::move(made);
  worker->counting_resolver_ = std::make_unique<CountingResolver>(*worker->resolver_, index, stats);
  worker->services_ = std::make_unique<filter::Worker>(
      filter::Worker{index, worker->loop_, *worker->counting_resolver_});
  return worker;
}

Worker::Worker(uint32_t index, stats::Registry& stats, Exhaustion& exhaustion)
    : index_(index),
      stats_{&stats.GetCounter("culvert_connections_accepted_total", {},
                               "Connections that were accepted."),
             &stats.GetCounter("culvert_connections_refused_total", {},
                               "Connections closed at once because of a limit."),
             &stats.GetCounter(
                 "culvert_accept_exhausted_total", {},
                 "Times that accepting paused because descriptors or memory had run out.")},
      exhaustion_(exhaustion),
      next_id_((uint64_t{index} << kIndexShift) + 1) {}

Worker::~Worker() = default;

uint32_t Worker::IndexOf(uint64_t connection_id) {
  return static_cast<uint32_t>(connection_id >> kIndexShift);
}

void Worker::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), fmt::format("worker {}", index_).c_str());
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

void Worker::Update(std::vector<ListenerUpdate> updates, std::function<void()> done) {
  loop_.Post([this, updates = std::move(updates), done = std::move(done)] {
    for (const ListenerUpdate& update : updates) UpdateOnLoop(update);
    done();
    TellConnections();
  });
}

void Worker::UpdateOnLoop(const ListenerUpdate& update) {
  ServedListenerPtr served;
  if (update.after != nullptr) served = std::make_shared<ServedListener>(update.after);
  if (update.before == nullptr) {
    Acceptor::Host& host = *this;
    for (const ListeningSocketPtr& socket : update.sockets) {
      acceptors_.emplace_back(loop_, served, socket, host).Start();
    }
    return;
  }
  for (Acceptor& acceptor : acceptors_) {
    ServedListener& old = *acceptor.listener();
    if (old.snapshot != update.before) continue;
    if (update.handed_over) {
      acceptor.Release();
      continue;
    }
    old.retired = true;
    if (update.same_config) {
      served->changed = old.changed;
    } else {
      *old.changed = true;
    }
    if (served != nullptr) {
      acceptor.Serve(served);
    } else {
      acceptor.Retire();
    }
  }
}

void Worker::OnAccepted(Acceptor& acceptor, net::Fd fd, const net::SocketAddress& peer) {
  stats_.accepted->Add(index_);
  const ServedListenerPtr& served = acceptor.listener();
  const ListenerSnapshot& listener = *served->snapshot;
  filter::ConnectionContext::Origin origin;
  origin.id = next_id_++;
  origin.remote_address = peer;
  origin.local_address = listener.address;
  if (listener.address.is_ip() && listener.needs_local_address) {
    origin.local_address = BoundAddressOf(fd.get(), listener.address).Unmapped();
  }
  const net::IpAddress* source =
      origin.remote_address.is_ip() ? &origin.remote_address.ip() : nullptr;
  if (const std::string_view reason = listener.limits->TryAdd(source); !reason.empty()) {
    Refuse(listener, origin, reason);
    return;
  }
  const uint64_t id = origin.id;
  Connection& connection = connections_.Add(*services_, served, std::move(origin));
  CountConnections();
  Tell(connection);
  if (closing_ != net::CancelReason::kNone) connection.context().scope().Cancel(closing_);
  std::unique_ptr<net::SocketStream> stream = net::SocketStream::Create(loop_, std::move(fd));
  if (stream == nullptr) {
    connection.context().End(kSelf, {Side::kLocal, Stage::kAccept, "out_of_resources"});
    connection.context().LogRecord();
    OnConnectionDone(id);
    return;
  }
  connection.Start(std::move(stream), [this, id] { OnConnectionDone(id); });
}

void Worker::Refuse(const ListenerSnapshot& listener,
                    const filter::ConnectionContext::Origin& origin, std::string_view reason) {
  stats_.refused->Add(index_);
  filter::ConnectionContext context(*services_, listener.context, origin);
  context.End(kSelf, {Side::kLocal, Stage::kAccept, reason});
  context.LogRecord();
}

void Worker::OnExhausted() {
  stats_.out_of_descriptors->Add(index_);
  if (!std::exchange(exhausted_, true)) exhaustion_.Enter();
}

// Only an empty queue shows that it is over: said at each connection that could be taken, it would
// be said for ever.
void Worker::OnRecovered() {
  if (std::exchange(exhausted_, false)) exhaustion_.Leave();
}

void Worker::OnAcceptorEnd(Acceptor& acceptor) {
  acceptors_.remove_if([&](const Acceptor& other) { return &other == &acceptor; });
  if (acceptors_.empty()) OnRecovered();
  CheckIdle();
}

void Worker::OnConnectionDone(uint64_t id) {
  connections_.Remove(id);
  CountConnections();
  if (exhausted_) {
    for (Acceptor& acceptor : acceptors_) acceptor.TryAgain();
  }
  CheckIdle();
}

void Worker::CountConnections() {
  connection_count_.store(static_cast<uint32_t>(connections_.size()), std::memory_order_relaxed);
}

void Worker::CheckIdle() {
  if (on_idle_ && connections_.empty() && acceptors_.empty()) std::exchange(on_idle_, nullptr)();
}

void Worker::TellConnections() { TellSome(++telling_round_, 0); }

void Worker::TellSome(uint64_t round, uint64_t after) {
  // Another round has begun since.
  if (round != telling_round_) return;
  const uint64_t next = connections_.VisitSlice(after, [this](Connection& connection) {
    Tell(connection);
    return true;
  });
  if (next != 0) loop_.Post([this, round, next] { TellSome(round, next); });
}

// That it is to end, if it is.
void Worker::Tell(Connection& connection) const {
  if (draining_ && late_requests_ == LateRequests::kRefused) {
    connection.context().Drain();
  } else if (draining_) {
    connection.context().Retire();
  }
  if (connection.served().retired) connection.Retire();
}

void Worker::Drain(net::EventLoop& loop, LateRequests late_requests,
                   std::function<void()> on_idle) {
  loop_.Post([this, &loop, late_requests, on_idle = std::move(on_idle)] {
    draining_ = true;
    late_requests_ = late_requests;
    on_idle_ = [&loop, on_idle] { loop.Post(on_idle); };
    TellConnections();
    for (Acceptor& acceptor : acceptors_) acceptor.Retire();
    CheckIdle();
  });
}

void Worker::CloseAll(net::CancelReason reason) {
  loop_.Post([this, reason] {
    closing_ = reason;
    for (Acceptor& acceptor : acceptors_) acceptor.Close(reason);
    connections_.CancelAll(reason);
  });
}

void Worker::ListConnections(ConnectionQuery query, uint64_t after, uint32_t most,
                             std::function<void(ConnectionPage)> done) {
  loop_.Post([this, query = std::move(query), after, most, done = std::move(done)] {
    done(connections_.List(query, after, std::max(most, 1u)));
  });
}

void Worker::Kill(uint64_t id, std::function<void(uint32_t)> done) {
  loop_.Post([this, id, done = std::move(done)] {
    Connection* connection = connections_.Find(id);
    if (connection != nullptr) connection->context().scope().Cancel(net::CancelReason::kKilled);
    done(connection != nullptr ? 1 : 0);
  });
}

void Worker::KillUser(std::string user, std::function<void(uint32_t)> done) {
  loop_.Post(
      [this, user = std::move(user), done = std::move(done)] { KillSome(user, 0, 0, done); });
}

void Worker::KillSome(const std::string& user, uint64_t after, uint32_t killed,
                      const std::function<void(uint32_t)>& done) {
  const uint64_t next = connections_.VisitSlice(after, [&](Connection& connection) {
    const identity::Identity* identity = connection.context().identity();
    if (identity != nullptr && identity->name == user) {
      connection.context().scope().Cancel(net::CancelReason::kKilled);
      ++killed;
    }
    return true;
  });
  if (next == 0) return done(killed);
  loop_.Post([this, user, next, killed, done] { KillSome(user, next, killed, done); });
}

}  // namespace culvert::server
