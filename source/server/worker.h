// A worker: one thread, one event loop, its own listening sockets and connections. Nothing that
// moves bytes is shared with other workers. Other threads talk to it by posting.
#ifndef CULVERT_SOURCE_SERVER_WORKER_H_
#define CULVERT_SOURCE_SERVER_WORKER_H_

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "source/filter/connection_context.h"
#include "source/net/event_loop.h"
#include "source/net/resolver.h"
#include "source/server/acceptor.h"
#include "source/server/connection_info.h"
#include "source/server/connection_table.h"
#include "source/server/counting_resolver.h"
#include "source/server/exhaustion.h"
#include "source/server/listening_socket.h"
#include "source/server/snapshot.h"

namespace culvert::server {

struct WorkerStats {
  stats::Counter* accepted;
  stats::Counter* refused;
  stats::Counter* out_of_descriptors;
};

// What becomes of one listener. Those of which nothing is said go on.
struct ListenerUpdate {
  // Null: it is new, and `sockets` are this worker's.
  ListenerSnapshotPtr before;
  // Null: it has gone.
  ListenerSnapshotPtr after;
  std::vector<ListeningSocketPtr> sockets = {};
  // The config says of it what it said before: its connections have no end set.
  bool same_config = false;
  // With `after` null: another process goes on accepting, and the connections are left alone.
  bool handed_over = false;
};

// What becomes, while a process drains, of a request that comes on a connection which is there
// already.
enum class LateRequests : uint8_t {
  // Nothing that may last is to begin: the process is about to end.
  kRefused,
  // Another process serves the new connections, and nobody is to notice.
  kServed,
};

class Worker final : private Acceptor::Host {
 public:
  // `stats` and `exhaustion` outlive it.
  static absl::StatusOr<std::unique_ptr<Worker>> Create(uint32_t index,
                                                        const net::ResolverOptions& resolver,
                                                        stats::Registry& stats,
                                                        Exhaustion& exhaustion);
  // Stop() has been called, or Start() was not.
  ~Worker();

  // By the main thread, as are Stop(), Update(), Drain() and CloseAll().
  void Start();
  // Ends the loop, once the worker has said that it is idle (or was never given a listener).
  void Stop();

  // What follows runs on the worker's thread, in the order of the calls.

  // `done` is called there when new connections are served as it says.
  void Update(std::vector<ListenerUpdate> updates, std::function<void()> done);
  // Accepts what the kernel has accepted, closes the sockets, and lets connections end. `on_idle`
  // is posted to `loop` when none is left.
  void Drain(net::EventLoop& loop, LateRequests late_requests, std::function<void()> on_idle);
  // Ends every connection.
  void CloseAll(net::CancelReason reason);

  // From any thread. `done` is called on the worker's; never, once it has stopped.

  // Looks at the few hundred connections that come after the one with the id `after` (0: at the
  // first ones) and gives those that match, up to `most`. A page may be empty although another
  // follows.
  void ListConnections(ConnectionQuery query, uint64_t after, uint32_t most,
                       std::function<void(ConnectionPage)> done);
  // Ends the connection, if there is one; gives how many that were.
  void Kill(uint64_t id, std::function<void(uint32_t)> done);
  // Ends every connection of that user.
  void KillUser(std::string user, std::function<void(uint32_t)> done);

  uint32_t connections() const { return connection_count_.load(std::memory_order_relaxed); }
  // Which worker a connection is on.
  static uint32_t IndexOf(uint64_t connection_id);

 private:
  Worker(uint32_t index, stats::Registry& stats, Exhaustion& exhaustion);

  void OnAccepted(Acceptor& acceptor, net::Fd fd, const net::SocketAddress& peer) override;
  void OnExhausted() override;
  void OnRecovered() override;
  void OnAcceptorEnd(Acceptor& acceptor) override;

  void UpdateOnLoop(const ListenerUpdate& update);
  void Refuse(const ListenerSnapshot& listener, const filter::ConnectionContext::Origin& origin,
              std::string_view reason);
  // Tells connections what has become of their listeners, some at a time.
  void TellConnections();
  void Tell(Connection& connection) const;
  void TellSome(uint64_t round, uint64_t after);
  void KillSome(const std::string& user, uint64_t after, uint32_t killed,
                const std::function<void(uint32_t)>& done);
  void OnConnectionDone(uint64_t id);
  void CountConnections();
  void CheckIdle();

  net::EventLoop loop_;
  std::unique_ptr<net::AresResolver> resolver_;
  std::unique_ptr<CountingResolver> counting_resolver_;
  std::unique_ptr<filter::Worker> services_;
  const uint32_t index_;
  WorkerStats stats_;
  Exhaustion& exhaustion_;
  ConnectionTable connections_;
  std::list<Acceptor> acceptors_;
  std::atomic<uint32_t> connection_count_ = 0;
  uint64_t next_id_;
  uint64_t telling_round_ = 0;
  bool exhausted_ = false;
  bool draining_ = false;
  LateRequests late_requests_ = LateRequests::kServed;
  // Why connections end that come out of a queue although all are being closed.
  net::CancelReason closing_ = net::CancelReason::kNone;
  std::function<void()> on_idle_;
  std::thread thread_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_WORKER_H_
