// The metrics that the data path moves: counters, gauges and histograms with one slot per worker.
// The Registry owns them for the life of the process; a worker writes only its own slot, so an
// increment is a plain load, add and store, without a lock prefix and without a cache line that
// workers share. Any thread may read.
#ifndef CULVERT_SOURCE_STATS_METRIC_H_
#define CULVERT_SOURCE_STATS_METRIC_H_

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "source/stats/snapshot.h"

namespace culvert::stats {

inline constexpr size_t kCacheLineSize = 64;

// One padded number for each worker, and one that all the other threads share.
template <typename T>
class PerWorker {
 public:
  explicit PerWorker(uint32_t workers)
      : workers_(workers), cells_(std::make_unique<Cell[]>(workers + size_t{1})) {}

  // On the thread of `worker`: a cell has one writer, so nothing can come between load and store.
  void Add(uint32_t worker, T amount) {
    assert(worker < workers_);
    std::atomic<T>& value = cells_[worker].value;
    value.store(value.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  void AddShared(T amount) { cells_[workers_].value.fetch_add(amount, std::memory_order_relaxed); }

  void SetShared(T value) { cells_[workers_].value.store(value, std::memory_order_relaxed); }

  T Sum() const {
    T sum = 0;
    for (uint32_t i = 0; i <= workers_; ++i) sum += cells_[i].value.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  struct alignas(kCacheLineSize) Cell {
    std::atomic<T> value{0};
  };

  const uint32_t workers_;
  const std::unique_ptr<Cell[]> cells_;
};

// A number that only grows.
class Counter {
 public:
  explicit Counter(uint32_t workers) : cells_(workers) {}

  // `worker` is the index of the worker whose thread this is.
  void Add(uint32_t worker, uint64_t amount = 1) { cells_.Add(worker, amount); }
  // On a thread that is no worker: main, log writer, password hashing.
  void AddShared(uint64_t amount = 1) { cells_.AddShared(amount); }

  uint64_t Value() const { return cells_.Sum(); }

 private:
  PerWorker<uint64_t> cells_;
};

// A number that goes up and down. The parts of the workers are signed: what one adds another may
// take away.
class Gauge {
 public:
  explicit Gauge(uint32_t workers) : cells_(workers) {}

  void Add(uint32_t worker, int64_t amount = 1) { cells_.Add(worker, amount); }
  void Sub(uint32_t worker, int64_t amount = 1) { cells_.Add(worker, -amount); }
  void AddShared(int64_t amount = 1) { cells_.AddShared(amount); }
  void SubShared(int64_t amount = 1) { cells_.AddShared(-amount); }
  // For a gauge that no worker adds to, such as the time of the last reload.
  void SetShared(int64_t value) { cells_.SetShared(value); }

  int64_t Value() const { return cells_.Sum(); }

 private:
  PerWorker<int64_t> cells_;
};

// How values spread over fixed buckets. The count is the sum of the buckets, so that the two never
// disagree.
class Histogram {
 public:
  // `bounds`: inclusive upper ends, ascending, finite; values above the last go into a bucket of
  // their own.
  Histogram(uint32_t workers, std::span<const double> bounds);

  void Observe(uint32_t worker, double value);
  // On a thread that is no worker.
  void ObserveShared(double value);
  // Many values at once, from another histogram of the same bounds. On a thread that is no worker.
  void AddShared(const HistogramValue& values);

  HistogramValue Value() const;
  std::span<const double> bounds() const { return bounds_; }

 private:
  static constexpr size_t kWordsPerLine = kCacheLineSize / sizeof(uint64_t);
  struct alignas(kCacheLineSize) Line {
    std::atomic<uint64_t> words[kWordsPerLine] = {};
  };

  // A slot is the sum (the bits of a double), then the buckets, padded to whole lines.
  std::atomic<uint64_t>& Word(uint32_t slot, size_t index) const {
    return lines_[slot * lines_per_slot_ + index / kWordsPerLine].words[index % kWordsPerLine];
  }
  size_t BucketOf(double value) const;
  void AddToSharedSum(double amount);

  const uint32_t workers_;
  const std::vector<double> bounds_;
  const size_t lines_per_slot_;
  const std::unique_ptr<Line[]> lines_;
};

// 0.5 ms to 60 s, in seconds.
std::span<const double> LatencyBuckets();
// 1 KiB to 1 GiB by powers of four, in bytes.
std::span<const double> SizeBuckets();

}  // namespace culvert::stats

#endif  // CULVERT_SOURCE_STATS_METRIC_H_
