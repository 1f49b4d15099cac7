#include "source/upstream/cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "source/base/duration.h"
#include "source/base/status.h"

namespace culvert::upstream {
namespace {

constexpr uint32_t kMostDoublings = 10;

// `db.example.com:6379`, an address with a port, or `unix:/path`.
absl::StatusOr<Endpoint::Target> ParseTarget(const std::string& text) {
  if (text.starts_with("unix:")) {
    auto address = net::SocketAddress::Parse(text);
    if (!address.ok()) return address.status();
    return Endpoint::Target(*address);
  }
  auto host = net::HostPort::Parse(text);
  if (!host.ok()) return host.status();
  if (host->address()) return Endpoint::Target(net::SocketAddress(*host->address(), host->port()));
  return Endpoint::Target(*host);
}

Duration Doubled(Duration duration, uint32_t times) {
  if (duration > Duration::max() / (1 << times)) return Duration::max();
  return duration * (1 << times);
}

}  // namespace

std::shared_ptr<Cluster> Cluster::Create(const config::v1::Cluster& config, const std::string& path,
                                         stats::Registry& stats, std::vector<FieldError>& errors) {
  const size_t before = errors.size();
  std::shared_ptr<Cluster> cluster(new Cluster);
  cluster->name_ = config.name();
  cluster->load_balancing_ = config.load_balancing();
  cluster->connect_timeout_ =
      DurationOr(config.has_connect_timeout(), config.connect_timeout(), cluster->connect_timeout_);
  if (config.passive_ejection().has_consecutive_failures()) {
    cluster->failures_to_eject_ = config.passive_ejection().consecutive_failures();
  }
  cluster->ejection_time_ =
      DurationOr(config.passive_ejection().has_ejection_time(),
                 config.passive_ejection().ejection_time(), cluster->ejection_time_);
  for (int i = 0; i < config.endpoints_size(); ++i) {
    const std::string& text = config.endpoints(i).address();
    auto target = ParseTarget(text);
    if (!target.ok()) {
      errors.push_back({fmt::format("{}.endpoints[{}].address", path, i),
                        std::string(Message(target.status()))});
      continue;
    }
    cluster->endpoints_.push_back(std::make_unique<Endpoint>(text, *target));
  }
  const stats::Labels labels = {{"cluster", config.name()}};
  cluster->stats_ = {
      &stats.GetCounter("culvert_cluster_connects_total", labels, "Connections made to endpoints."),
      &stats.GetCounter("culvert_cluster_connect_failures_total", labels,
                        "Connects to endpoints that failed."),
      &stats.GetCounter("culvert_cluster_ejections_total", labels,
                        "Endpoints left out after failures in a row.")};
  return errors.size() == before ? cluster : nullptr;
}

std::vector<Endpoint*> Cluster::Order(TimePoint now) {
  std::vector<Endpoint*> order;
  order.reserve(endpoints_.size());
  const uint32_t start = next_.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    order.push_back(endpoints_[(start + i) % endpoints_.size()].get());
  }
  if (load_balancing_ == config::v1::Cluster::LEAST_CONNECTIONS) {
    // A snapshot of the counts: they move while they are compared, and a sort wants an order that
    // holds still.
    std::vector<std::pair<uint32_t, Endpoint*>> counted;
    counted.reserve(order.size());
    for (Endpoint* endpoint : order) counted.emplace_back(endpoint->active(), endpoint);
    std::stable_sort(counted.begin(), counted.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 0; i < order.size(); ++i) order[i] = counted[i].second;
  }
  // When all are ejected they are all tried: a chance is better than none.
  std::stable_partition(order.begin(), order.end(),
                        [now](Endpoint* endpoint) { return !endpoint->ejected(now); });
  return order;
}

void Cluster::NoteSuccess(Endpoint& endpoint) {
  endpoint.connects_.fetch_add(1, std::memory_order_relaxed);
  endpoint.failures_in_row_.store(0, std::memory_order_relaxed);
  endpoint.ejections_in_row_.store(0, std::memory_order_relaxed);
  // One that was tried because all were ejected is back.
  endpoint.ejected_until_.store(0, std::memory_order_relaxed);
}

void Cluster::NoteFailure(Endpoint& endpoint, uint32_t worker, TimePoint now) {
  stats_.failures->Add(worker);
  endpoint.failures_.fetch_add(1, std::memory_order_relaxed);
  if (failures_to_eject_ == 0 || endpoint.ejected(now)) return;
  const uint32_t failures = endpoint.failures_in_row_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (failures < failures_to_eject_) return;
  endpoint.failures_in_row_.store(0, std::memory_order_relaxed);
  const uint32_t ejections = endpoint.ejections_in_row_.fetch_add(1, std::memory_order_relaxed);
  const TimePoint until = After(now, Doubled(ejection_time_, std::min(ejections, kMostDoublings)));
  endpoint.ejected_until_.store(until.time_since_epoch().count(), std::memory_order_relaxed);
  stats_.ejections->Add(worker);
}

net::Task<ClusterDialResult> Cluster::Dial(filter::Worker& worker, TimePoint deadline) {
  const std::shared_ptr<Cluster> self = shared_from_this();
  ClusterDialResult result;
  const std::vector<Endpoint*> order = Order(worker.loop.now());
  for (Endpoint* endpoint : order) {
    const TimePoint end = std::min(deadline, After(worker.loop.now(), connect_timeout_));
    // Counted while it connects: in a burst the next one has to see it.
    EndpointUse use(self, *endpoint);
    DialResult dialled;
    if (const auto* address = std::get_if<net::SocketAddress>(&endpoint->target())) {
      dialled = co_await DialAddress(*address, end);
    } else {
      dialled =
          co_await DialHost(worker, std::get<net::HostPort>(endpoint->target()), nullptr, end);
    }
    static_cast<DialResult&>(result) = std::move(dialled);
    if (result.ok()) {
      NoteSuccess(*endpoint);
      stats_.connects->Add(worker.index);
      result.use = std::move(use);
      break;
    }
    // A cancelled connection says nothing about the endpoint.
    if (result.failure.side == Side::kLocal) break;
    NoteFailure(*endpoint, worker.index, worker.loop.now());
    if (worker.loop.now() >= deadline) break;
  }
  co_return result;
}

}  // namespace culvert::upstream
