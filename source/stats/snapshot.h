// What the metrics said at one moment: plain values, taken by Registry::Read() and turned into text
// by a formatter. A snapshot belongs to whoever took it and has no tie to the registry.
#ifndef CULVERT_SOURCE_STATS_SNAPSHOT_H_
#define CULVERT_SOURCE_STATS_SNAPSHOT_H_

#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace culvert::stats {

// Name and value. Names match [a-z_][a-z0-9_]*; values are any UTF-8, and few: each combination
// lives for ever.
using Labels = std::vector<std::pair<std::string, std::string>>;

enum class Kind { kCounter, kGauge, kHistogram };

struct HistogramValue {
  // How many values fell into each bucket alone (not cumulative); the last has no upper end.
  std::vector<uint64_t> buckets;
  double sum = 0;

  uint64_t Count() const { return std::accumulate(buckets.begin(), buckets.end(), uint64_t{0}); }
};

struct Sample {
  Labels labels;
  // By kind: counter, gauge, histogram.
  std::variant<uint64_t, int64_t, HistogramValue> value;
};

// All samples of one name.
struct FamilySnapshot {
  std::string name;
  std::string help;
  Kind kind = Kind::kCounter;
  std::vector<double> bounds;  // histograms only
  std::vector<Sample> samples;
};

// Sorted by name, the samples of a family by their labels.
using Snapshot = std::vector<FamilySnapshot>;

}  // namespace culvert::stats

#endif  // CULVERT_SOURCE_STATS_SNAPSHOT_H_
