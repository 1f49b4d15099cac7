#include "source/server/worker_pool.h"

#include <algorithm>
#include <memory>
#include <semaphore>
#include <utility>

#include "source/base/log.h"
#include "source/server/snapshot_change.h"

namespace culvert::server {
namespace {

// A worker takes a fraction of a millisecond. One that takes so long is not waited for.
constexpr Duration kUpdateTimeout = std::chrono::seconds(2);

// The sockets that one of `count` workers accepts from: each is accepted from, and each worker has
// one at least.
std::vector<ListeningSocketPtr> ShareOf(const std::vector<ListeningSocketPtr>& sockets,
                                        size_t worker, size_t count) {
  std::vector<ListeningSocketPtr> share;
  for (size_t i = worker; i < std::max(sockets.size(), count); i += count) {
    share.push_back(sockets[i % sockets.size()]);
  }
  return share;
}

void ConfigureLimits(const Snapshot& snapshot) {
  const size_t count =
      std::min(snapshot.listeners.size(), static_cast<size_t>(snapshot.config.listeners_size()));
  for (size_t i = 0; i < count; ++i) {
    const config::v1::Listener& config = snapshot.config.listeners(static_cast<int>(i));
    snapshot.listeners[i]->limits->Configure(config.max_connections(),
                                             config.max_connections_per_source());
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Create(uint32_t count,
                                                               const net::ResolverOptions& resolver,
                                                               stats::Registry& stats) {
  std::unique_ptr<WorkerPool> pool(new WorkerPool(count));
  for (uint32_t i = 0; i < count; ++i) {
    auto worker = Worker::Create(i, resolver, stats, pool->exhaustion_);
    if (!worker.ok()) return worker.status();
    pool->workers_.push_back(*std::move(worker));
  }
  return pool;
}

absl::Status WorkerPool::Swap(const SnapshotPtr& before, const SnapshotPtr& snapshot,
                              InheritedSockets* inherited) {
  auto opened = addresses_.Open(*snapshot, inherited);
  if (!opened.ok()) return opened.status();
  ConfigureLimits(*snapshot);
  UpdateWorkers(*snapshot, *opened, FindChanges(before.get(), *snapshot));
  for (auto& [address, entry] : *opened) {
    if (entry.origin) taken_over_.push_back(address);
    addresses_.Add(address, std::move(entry));
  }
  if (inherited != nullptr) addresses_.Park(*inherited);
  return absl::OkStatus();
}

std::vector<ListenerUpdate> WorkerPool::FindChanges(const Snapshot* before,
                                                    const Snapshot& snapshot) {
  std::vector<ListenerUpdate> changes;
  std::map<net::SocketAddress, ListenerSnapshotPtr> gone = std::exchange(served_, {});
  for (const ListenerSnapshotPtr& listener : snapshot.listeners) {
    served_.emplace(listener->address, listener);
    const auto found = gone.extract(listener->address);
    if (!found || found.mapped() == listener) continue;
    const bool same =
        before != nullptr && SameConfig(*before, *found.mapped(), snapshot, *listener);
    retired_.insert(found.mapped());
    changes.push_back({.before = found.mapped(), .after = listener, .same_config = same});
  }
  for (const auto& [address, listener] : gone) {
    retired_.insert(listener);
    changes.push_back({.before = listener, .after = nullptr});
    addresses_.Remove(address);
  }
  return changes;
}

void WorkerPool::UpdateWorkers(const Snapshot& snapshot, const ListeningAddresses::Map& opened,
                               const std::vector<ListenerUpdate>& changes) {
  std::vector<std::vector<ListenerUpdate>> updates(workers_.size(), changes);
  for (const ListenerSnapshotPtr& listener : snapshot.listeners) {
    const auto found = opened.find(listener->address);
    if (found == opened.end()) continue;
    const ListeningAddresses::Entry& entry = found->second;
    for (size_t i = 0; i < updates.size(); ++i) {
      updates[i].push_back({.before = nullptr,
                            .after = listener,
                            .sockets = ShareOf(entry.sockets, i, updates.size())});
    }
    log::Info(log::kListener, "listener {} on {}{}", listener->name, entry.bound.ToString(),
              entry.origin ? ", by a socket that was passed to this process" : "");
  }
  Update(std::move(updates));
}

void WorkerPool::Update(std::vector<std::vector<ListenerUpdate>> updates) {
  // Outlives this call where a worker is late.
  auto served = std::make_shared<std::counting_semaphore<>>(0);
  size_t told = 0;
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (updates[i].empty()) continue;
    workers_[i]->Update(std::move(updates[i]), [served] { served->release(); });
    ++told;
  }
  if (!started_) return;
  const TimePoint deadline = Clock::now() + kUpdateTimeout;
  while (told > 0 && served->try_acquire_until(deadline)) --told;
}

void WorkerPool::Start() {
  started_ = true;
  addresses_.TakeFiles();
  for (auto& worker : workers_) worker->Start();
}

void WorkerPool::Drain(net::EventLoop& main, LateRequests late_requests,
                       std::function<void()> on_idle) {
  for (auto& worker : workers_) {
    worker->Drain(main, late_requests, [this, on_idle] {
      if (++idle_workers_ == workers_.size()) on_idle();
    });
  }
  addresses_.LetGo();
}

void WorkerPool::CloseAll(net::CancelReason reason) {
  for (auto& worker : workers_) worker->CloseAll(reason);
}

void WorkerPool::Stop() {
  for (auto& worker : workers_) worker->Stop();
  addresses_.Clear();
  served_.clear();
  retired_.clear();
}

size_t WorkerPool::SweepRetired() {
  addresses_.Sweep();
  return std::erase_if(retired_, [](const auto& listener) { return listener.use_count() == 1; });
}

void WorkerPool::HandOver(std::span<const net::SocketAddress> taken) {
  std::vector<ListenerUpdate> updates;
  for (const net::SocketAddress& address : taken) {
    const auto found = served_.extract(address);
    if (!found) continue;
    updates.push_back({.before = found.mapped(), .after = nullptr, .handed_over = true});
    retired_.insert(found.mapped());
    addresses_.Forget(address);
  }
  Update(std::vector(workers_.size(), updates));
}

std::optional<net::SocketAddress> WorkerPool::BoundAddress(
    const net::SocketAddress& configured) const {
  const ListeningAddresses::Entry* entry = addresses_.Find(configured);
  if (entry == nullptr) return std::nullopt;
  return entry->bound;
}

uint32_t WorkerPool::connections() const {
  uint32_t open = 0;
  for (const auto& worker : workers_) open += worker->connections();
  return open;
}

Worker* WorkerPool::WorkerOf(uint64_t connection_id) const {
  const uint32_t index = Worker::IndexOf(connection_id);
  return index < workers_.size() ? workers_[index].get() : nullptr;
}

}  // namespace culvert::server
