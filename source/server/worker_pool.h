// The workers and what they listen on: gives them a snapshot all or nothing, lets them end, hands
// their sockets to a successor. Owned by the server, on the main thread.
#ifndef CULVERT_SOURCE_SERVER_WORKER_POOL_H_
#define CULVERT_SOURCE_SERVER_WORKER_POOL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "source/server/exhaustion.h"
#include "source/server/inherited_sockets.h"
#include "source/server/listening_addresses.h"
#include "source/server/snapshot.h"
#include "source/server/worker.h"

namespace culvert::server {

class WorkerPool {
 public:
  // `stats` outlives it.
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Create(uint32_t count,
                                                            const net::ResolverOptions& resolver,
                                                            stats::Registry& stats);
  // Either Start() was not called, or Stop() was.
  ~WorkerPool() = default;

  // Accepts for the listeners of `snapshot` from its return on, in place of those of `before`
  // (null: there are none). An error, which names the listener, address, reason and remedy, means
  // that nothing has changed.
  //
  // A listener whose address stays keeps its socket and queue. Connections of a listener that is
  // the same object in both do not notice; those of one whose config is the same are asked to end
  // when they can do so politely; those of one that was changed or has gone have their drain time.
  //
  // Sockets of `inherited` (may be null) are used before others are opened. Those of the service
  // manager that are not needed now are kept for when they are; what is left in it afterwards
  // nobody wants, and is to be closed before the predecessor is told.
  absl::Status Swap(const SnapshotPtr& before, const SnapshotPtr& snapshot,
                    InheritedSockets* inherited);

  // Begins to accept.
  void Start();

  // Accepts what the kernel has accepted, closes the sockets and lets connections end. `on_idle` is
  // called once on `main`, which outlives this, when none is left.
  void Drain(net::EventLoop& main, LateRequests late_requests, std::function<void()> on_idle);

  // Ends every connection. After Drain(), or nobody says when they have ended.
  void CloseAll(net::CancelReason reason);

  // Joins the threads, frees what they served, removes socket files. After `on_idle`. The workers
  // themselves live until the pool is destroyed, so that other threads may post to them.
  void Stop();

  // Frees listeners that were replaced and have no connection left, and says how many. To be called
  // once a second or so: no worker is to stall for it.
  size_t SweepRetired();

  // Duplicates of every listening socket, for a successor.
  absl::StatusOr<InheritedSockets> Sockets() const { return addresses_.Duplicates(); }
  // A successor accepts at these addresses: closes this process's descriptors and leaves the queues
  // and socket files alone. Before Drain(), which sees to the rest.
  void HandOver(std::span<const net::SocketAddress> taken);
  // The addresses whose sockets Swap() has found among those that were inherited.
  const std::vector<net::SocketAddress>& taken_over() const { return taken_over_; }

  // Where a listener with that address in its config listens: other than that if the kernel chose
  // the port. Nothing if none does.
  std::optional<net::SocketAddress> BoundAddress(const net::SocketAddress& configured) const;

  // Open connections. Any thread.
  uint32_t connections() const;
  // Always the same ones. Any thread.
  std::span<const std::unique_ptr<Worker>> workers() const { return workers_; }
  // The worker of a connection with that id, or null. Any thread.
  Worker* WorkerOf(uint64_t connection_id) const;

 private:
  explicit WorkerPool(uint32_t count) : addresses_(count) {}

  // What happens to the listeners of `before`; from now on those of `snapshot` are served.
  std::vector<ListenerUpdate> FindChanges(const Snapshot* before, const Snapshot& snapshot);
  // Returns when the workers have done it.
  void Update(std::vector<std::vector<ListenerUpdate>> updates);
  void UpdateWorkers(const Snapshot& snapshot, const ListeningAddresses::Map& opened,
                     const std::vector<ListenerUpdate>& changes);

  Exhaustion exhaustion_;
  std::vector<std::unique_ptr<Worker>> workers_;
  ListeningAddresses addresses_;
  std::map<net::SocketAddress, ListenerSnapshotPtr> served_;
  // They end here, where no connection waits for it.
  std::set<ListenerSnapshotPtr> retired_;
  std::vector<net::SocketAddress> taken_over_;
  uint32_t idle_workers_ = 0;
  bool started_ = false;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_WORKER_POOL_H_
