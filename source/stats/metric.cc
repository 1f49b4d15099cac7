#include "source/stats/metric.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace culvert::stats {
namespace {

constexpr std::array kLatencyBuckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                        0.25,   0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0};

constexpr double kKiB = 1024;
constexpr std::array kSizeBuckets = {kKiB,         4 * kKiB,      16 * kKiB,     64 * kKiB,
                                     256 * kKiB,   1024 * kKiB,   4096 * kKiB,   16384 * kKiB,
                                     65536 * kKiB, 262144 * kKiB, 1048576 * kKiB};

constexpr size_t LinesFor(size_t words, size_t words_per_line) {
  return (words + words_per_line - 1) / words_per_line;
}

double AddToBits(uint64_t bits, double value) { return std::bit_cast<double>(bits) + value; }

}  // namespace

Histogram::Histogram(uint32_t workers, std::span<const double> bounds)
    : workers_(workers),
      bounds_(bounds.begin(), bounds.end()),
      lines_per_slot_(LinesFor(1 + bounds.size() + 1, kWordsPerLine)),
      lines_(std::make_unique<Line[]>((workers + size_t{1}) * lines_per_slot_)) {}

size_t Histogram::BucketOf(double value) const {
  return std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
}

void Histogram::Observe(uint32_t worker, double value) {
  assert(worker < workers_);
  assert(!std::isnan(value));
  std::atomic<uint64_t>& bucket = Word(worker, 1 + BucketOf(value));
  bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  std::atomic<uint64_t>& sum = Word(worker, 0);
  const double total = AddToBits(sum.load(std::memory_order_relaxed), value);
  sum.store(std::bit_cast<uint64_t>(total), std::memory_order_relaxed);
}

void Histogram::ObserveShared(double value) {
  assert(!std::isnan(value));
  Word(workers_, 1 + BucketOf(value)).fetch_add(1, std::memory_order_relaxed);
  AddToSharedSum(value);
}

void Histogram::AddShared(const HistogramValue& values) {
  assert(values.buckets.size() == bounds_.size() + 1);
  for (size_t i = 0; i < values.buckets.size(); ++i) {
    Word(workers_, 1 + i).fetch_add(values.buckets[i], std::memory_order_relaxed);
  }
  AddToSharedSum(values.sum);
}

void Histogram::AddToSharedSum(double amount) {
  std::atomic<uint64_t>& sum = Word(workers_, 0);
  uint64_t seen = sum.load(std::memory_order_relaxed);
  while (!sum.compare_exchange_weak(seen, std::bit_cast<uint64_t>(AddToBits(seen, amount)),
                                    std::memory_order_relaxed)) {
  }
}

HistogramValue Histogram::Value() const {
  HistogramValue value;
  value.buckets.resize(bounds_.size() + 1);
  for (uint32_t slot = 0; slot <= workers_; ++slot) {
    for (size_t i = 0; i < value.buckets.size(); ++i) {
      value.buckets[i] += Word(slot, 1 + i).load(std::memory_order_relaxed);
    }
    value.sum += std::bit_cast<double>(Word(slot, 0).load(std::memory_order_relaxed));
  }
  return value;
}

std::span<const double> LatencyBuckets() { return kLatencyBuckets; }
std::span<const double> SizeBuckets() { return kSizeBuckets; }

}  // namespace culvert::stats
