// A cluster: endpoints that do the same work, and how one of them is chosen. Part of a config
// snapshot, shared by all workers; what changes while it runs (connections and failures per
// endpoint) is atomic.
#ifndef CULVERT_SOURCE_UPSTREAM_CLUSTER_H_
#define CULVERT_SOURCE_UPSTREAM_CLUSTER_H_

#include <atomic>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"
#include "source/base/field_error.h"
#include "source/stats/registry.h"
#include "source/upstream/dialer.h"

namespace culvert::upstream {

// One address or name of a cluster.
class Endpoint {
 public:
  using Target = std::variant<net::SocketAddress, net::HostPort>;
  Endpoint(std::string text, Target target) : text_(std::move(text)), target_(std::move(target)) {}

  const std::string& text() const { return text_; }
  const Target& target() const { return target_; }

  uint32_t active() const { return active_.load(std::memory_order_relaxed); }
  bool ejected(TimePoint now) const {
    return now.time_since_epoch().count() < ejected_until_.load(std::memory_order_relaxed);
  }
  // Since the cluster was made.
  uint64_t connects() const { return connects_.load(std::memory_order_relaxed); }
  uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }

 private:
  friend class Cluster;
  friend class EndpointUse;
  const std::string text_;
  const Target target_;
  std::atomic<uint32_t> active_ = 0;
  std::atomic<uint64_t> connects_ = 0;
  std::atomic<uint64_t> failures_ = 0;
  std::atomic<uint32_t> failures_in_row_ = 0;
  std::atomic<uint32_t> ejections_in_row_ = 0;
  std::atomic<int64_t> ejected_until_ = 0;  // of the steady clock
};

// Counts a connection to an endpoint for as long as it lives; keeps the cluster alive too.
class EndpointUse {
 public:
  EndpointUse() = default;
  EndpointUse(std::shared_ptr<void> keep_alive, Endpoint& endpoint)
      : keep_alive_(std::move(keep_alive)), endpoint_(&endpoint) {
    endpoint_->active_.fetch_add(1, std::memory_order_relaxed);
  }
  EndpointUse(EndpointUse&& other) noexcept
      : keep_alive_(std::move(other.keep_alive_)),
        endpoint_(std::exchange(other.endpoint_, nullptr)) {}
  EndpointUse& operator=(EndpointUse&& other) noexcept {
    std::swap(keep_alive_, other.keep_alive_);
    std::swap(endpoint_, other.endpoint_);
    return *this;
  }
  ~EndpointUse() {
    if (endpoint_ != nullptr) endpoint_->active_.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::shared_ptr<void> keep_alive_;
  Endpoint* endpoint_ = nullptr;
};

struct ClusterDialResult : DialResult {
  EndpointUse use;
};

class Cluster : public std::enable_shared_from_this<Cluster> {
 public:
  // Null after errors were appended; `path` is that of the cluster: `clusters[0]`.
  static std::shared_ptr<Cluster> Create(const config::v1::Cluster& config, const std::string& path,
                                         stats::Registry& stats, std::vector<FieldError>& errors);

  const std::string& name() const { return name_; }
  config::v1::Cluster::LoadBalancing load_balancing() const { return load_balancing_; }
  const std::vector<std::unique_ptr<Endpoint>>& endpoints() const { return endpoints_; }

  // Connects to the endpoint whose turn it is; where that fails, to the next, until one takes the
  // connection, all have been tried, or the deadline passes. Each try has the cluster's connect
  // time-out. The cluster lives as long as the task.
  net::Task<ClusterDialResult> Dial(filter::Worker& worker, TimePoint deadline);

 private:
  struct Stats {
    stats::Counter* connects;
    stats::Counter* failures;
    stats::Counter* ejections;
  };

  Cluster() = default;
  // The endpoints in the order in which they are to be tried: those that are ejected last.
  std::vector<Endpoint*> Order(TimePoint now);
  void NoteSuccess(Endpoint& endpoint);
  void NoteFailure(Endpoint& endpoint, uint32_t worker, TimePoint now);

  std::string name_;
  config::v1::Cluster::LoadBalancing load_balancing_ = config::v1::Cluster::ROUND_ROBIN;
  Duration connect_timeout_ = std::chrono::seconds(5);
  uint32_t failures_to_eject_ = 5;
  Duration ejection_time_ = std::chrono::seconds(30);
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::atomic<uint32_t> next_ = 0;
  Stats stats_;
};

}  // namespace culvert::upstream

#endif  // CULVERT_SOURCE_UPSTREAM_CLUSTER_H_
