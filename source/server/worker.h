// A worker: one thread, one event loop, its own listening sockets and connections. Nothing that
// moves bytes is shared with other workers. The main thread talks to it by posting.
#ifndef CULVERT_SOURCE_SERVER_WORKER_H_
#define CULVERT_SOURCE_SERVER_WORKER_H_

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "source/filter/connection_context.h"
#include "source/net/event_loop.h"
#include "source/net/fd.h"
#include "source/net/resolver.h"
#include "source/server/connection.h"
#include "source/server/counting_resolver.h"
#include "source/server/snapshot.h"

namespace culvert::server {

struct WorkerStats {
  stats::Counter* accepted;
  stats::Counter* refused;
  stats::Counter* out_of_descriptors;
};

// A listener's part that a worker is given when a snapshot is applied.
struct WorkerListener {
  ListenerSnapshotPtr snapshot;
  // Invalid where the worker already listens on that address.
  net::Fd socket;
  // The config says of it what it said before: connections need not end for it.
  bool unchanged = false;
};

class Worker {
 public:
  static absl::StatusOr<std::unique_ptr<Worker>> Create(uint32_t index,
                                                        const net::ResolverOptions& resolver,
                                                        stats::Registry& stats);
  // Stop() has been called.
  ~Worker();

  void Start();
  // Ends the loop, once the worker has said that it is idle (or was never given a listener).
  void Stop();

  // From the main thread; what follows runs on the worker's.

  // Accepts for these listeners from now on. A listener whose address stays keeps its socket and
  // its queue.
  void Apply(std::vector<WorkerListener> listeners);
  // Accepts what the kernel has accepted, closes the sockets, and lets connections end. `on_idle`
  // is posted to `loop` when none is left.
  void Drain(net::EventLoop& loop, std::function<void()> on_idle);
  // Ends every connection.
  void CloseAll(net::CancelReason reason);

  uint32_t connections() const { return connection_count_.load(std::memory_order_relaxed); }

 private:
  struct Acceptor;

  Worker(uint32_t index, stats::Registry& stats);

  void ApplyOnLoop(std::vector<WorkerListener>& listeners);
  void Listen(WorkerListener listener);
  void RetireAcceptor(Acceptor& acceptor);
  net::Task<void> Accept(Acceptor& acceptor);
  // False: no more to accept, see errno.
  bool AcceptOne(Acceptor& acceptor);
  void Refuse(Acceptor& acceptor, const filter::ConnectionContext::Origin& origin,
              std::string_view reason);
  void NoteExhausted();
  void NoteRecovered();
  void OnConnectionDone(std::list<Connection>::iterator connection);
  void CheckIdle();

  net::EventLoop loop_;
  std::unique_ptr<net::AresResolver> resolver_;
  std::unique_ptr<CountingResolver> counting_resolver_;
  std::unique_ptr<filter::Worker> services_;
  WorkerStats stats_;
  std::list<Connection> connections_;
  std::list<Acceptor> acceptors_;
  std::atomic<uint32_t> connection_count_ = 0;
  uint64_t next_id_ = 1;
  bool exhausted_ = false;
  bool draining_ = false;
  // Why connections end that come out of a queue although all are being closed.
  net::CancelReason closing_ = net::CancelReason::kNone;
  std::function<void()> on_idle_;
  std::thread thread_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_WORKER_H_
