// The process's metrics by name. Owned by main() and outlives everything that counts. Metrics are
// looked up when a config is built, on the main thread, and kept as references: no look-up ever
// happens on the data path.
#ifndef CULVERT_SOURCE_STATS_REGISTRY_H_
#define CULVERT_SOURCE_STATS_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "source/stats/metric.h"
#include "source/stats/snapshot.h"

namespace culvert::stats {

// Get...() is idempotent: the same name and labels give the same object, so that numbers go on
// across reloads. The references stay valid as long as the registry. Any thread may call; a mutex
// is held.
//
// Names are `culvert_<area>_<event>`, in base units: counters end in `_total` (`_bytes_total`,
// `_seconds_total`), others in their unit (`_bytes`, `_seconds`) where they have one. Names, help
// and label names are constants of the program: a malformed one, or one name with two kinds, help
// texts, label names or bucket lists, is a mistake in the program and aborts it with a message.
class Registry {
 public:
  // `workers`: their number, fixed for the life of the process.
  explicit Registry(uint32_t workers) : workers_(workers) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& GetCounter(std::string_view name, Labels labels, std::string_view help);
  Gauge& GetGauge(std::string_view name, Labels labels, std::string_view help);
  // `bounds` as for Histogram, e.g. LatencyBuckets().
  Histogram& GetHistogram(std::string_view name, Labels labels, std::string_view help,
                          std::span<const double> bounds);

  // Sums the slots of all workers. Each number is exact; numbers that move meanwhile may be a
  // moment apart.
  Snapshot Read() const;

  // Adds what another process has counted (CountedSince()) to the metrics of the same name and
  // labels, and makes those that are missing: its numbers go on here. Gauges, malformed names,
  // families that have another shape here, and amounts that would make a sum go back are passed
  // over; gives how many samples that were. A family that this program has not registered takes
  // the program's shape as soon as it does, and loses what it has if that is another one.
  size_t Import(const Snapshot& counted);

  uint32_t workers() const { return workers_; }

 private:
  using Series = std::variant<Counter, Gauge, Histogram>;
  struct Family {
    Kind kind;
    std::string help;
    std::vector<std::string> label_names;
    std::vector<double> bounds;
    // Nodes of a map stay in place, and its order makes the output stable.
    std::map<Labels, Series> series = {};
    // By the program itself: there may be references into it.
    bool claimed = false;

    // Why the two cannot be one; empty: they can.
    std::string Conflict(const Family& other) const;
  };

  // Another process may not fill the memory of this one.
  static constexpr size_t kMostImportedSeries = 256 * 1024;
  static constexpr size_t kMostImportedLabels = 16;
  static constexpr size_t kMostImportedBounds = 256;

  // Sorts `labels`, and finds or makes the family that they belong to. mutex_ is held.
  Family& GetFamily(std::string_view name, Kind kind, std::string_view help,
                    std::span<const double> bounds, Labels& labels);
  // False: passed over. mutex_ is held.
  bool ImportSample(const FamilySnapshot& source, const Sample& sample);

  const uint32_t workers_;
  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
  size_t imported_series_ = 0;
};

// A registry seen through a name prefix and labels that all its metrics share, e.g.
// `culvert_listener` and {listener="https_proxy"}. Cheap to copy; the registry must outlive it.
class Scope {
 public:
  Scope(Registry& registry, std::string_view prefix, Labels labels = {})
      : registry_(&registry), prefix_(prefix), labels_(std::move(labels)) {}

  // `name` is what follows the prefix and an underscore: `connections_total`.
  Counter& GetCounter(std::string_view name, Labels labels, std::string_view help) const;
  Gauge& GetGauge(std::string_view name, Labels labels, std::string_view help) const;
  Histogram& GetHistogram(std::string_view name, Labels labels, std::string_view help,
                          std::span<const double> bounds) const;

 private:
  std::string FullName(std::string_view name) const;
  Labels AllLabels(Labels labels) const;

  Registry* registry_;
  std::string prefix_;
  Labels labels_;
};

}  // namespace culvert::stats

#endif  // CULVERT_SOURCE_STATS_REGISTRY_H_
