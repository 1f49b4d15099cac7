#include "source/stats/metric.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace culvert::stats {
namespace {

constexpr uint32_t kWorkers = 4;
constexpr uint64_t kRounds = 20000;

// Runs `work(index)` on kWorkers threads for the workers, and on two more with index kWorkers.
template <typename Work>
void RunEverywhere(Work work) {
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kWorkers + 2; ++i) {
    threads.emplace_back([&work, index = std::min(i, kWorkers)] { work(index); });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(CounterTest, StartsAtZeroAndSumsTheWorkers) {
  Counter counter(2);
  EXPECT_EQ(counter.Value(), 0);
  counter.Add(0);
  counter.Add(1, 10);
  counter.AddShared(100);
  EXPECT_EQ(counter.Value(), 111);
}

TEST(CounterTest, CountsWithoutWorkersToo) {
  Counter counter(0);
  counter.AddShared();
  EXPECT_EQ(counter.Value(), 1);
}

TEST(CounterTest, LosesNothingWhenAllThreadsCountAndOneReads) {
  Counter counter(kWorkers);
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    uint64_t last = 0;
    while (!stop) {
      const uint64_t value = counter.Value();
      EXPECT_GE(value, last);
      last = value;
    }
  });
  RunEverywhere([&](uint32_t worker) {
    for (uint64_t i = 0; i < kRounds; ++i) {
      if (worker < kWorkers) {
        counter.Add(worker, 2);
      } else {
        counter.AddShared(2);
      }
    }
  });
  stop = true;
  reader.join();
  EXPECT_EQ(counter.Value(), (kWorkers + 2) * kRounds * 2);
}

TEST(GaugeTest, OneWorkerMayTakeAwayWhatAnotherAdded) {
  Gauge gauge(2);
  gauge.Add(0, 5);
  gauge.Sub(1, 7);
  EXPECT_EQ(gauge.Value(), -2);
  gauge.AddShared(3);
  gauge.SubShared();
  EXPECT_EQ(gauge.Value(), 0);
}

TEST(GaugeTest, SetReplacesWhatOtherThreadsAdded) {
  Gauge gauge(1);
  gauge.SetShared(1700000000);
  gauge.SetShared(1800000000);
  EXPECT_EQ(gauge.Value(), 1800000000);
}

TEST(GaugeTest, ReturnsToZeroWhenAllThreadsAddAndTakeAway) {
  Gauge gauge(kWorkers);
  RunEverywhere([&](uint32_t worker) {
    for (uint64_t i = 0; i < kRounds; ++i) {
      if (worker < kWorkers) {
        gauge.Add(worker);
        gauge.Sub(worker);
      } else {
        gauge.AddShared();
        gauge.SubShared();
      }
    }
  });
  EXPECT_EQ(gauge.Value(), 0);
}

TEST(HistogramTest, UpperEndsAreInclusive) {
  Histogram histogram(1, std::vector{1.0, 2.0});
  for (double value : {-1.0, 1.0, 1.5, 2.0, 2.5}) histogram.Observe(0, value);
  const HistogramValue value = histogram.Value();
  EXPECT_EQ(value.buckets, (std::vector<uint64_t>{2, 2, 1}));
  EXPECT_EQ(value.Count(), 5);
  EXPECT_DOUBLE_EQ(value.sum, 6.0);
}

TEST(HistogramTest, SlotsOfManyBucketsDoNotOverlap) {
  std::vector<double> bounds;
  for (int i = 0; i < 40; ++i) bounds.push_back(i);
  Histogram histogram(2, bounds);
  for (int i = 0; i <= 40; ++i) {
    histogram.Observe(0, i);
    histogram.Observe(1, i);
    histogram.ObserveShared(i);
  }
  const HistogramValue value = histogram.Value();
  EXPECT_EQ(value.buckets, std::vector<uint64_t>(41, 3));
  EXPECT_DOUBLE_EQ(value.sum, 3 * 820.0);
}

TEST(HistogramTest, LosesNothingWhenAllThreadsObserve) {
  Histogram histogram(kWorkers, LatencyBuckets());
  RunEverywhere([&](uint32_t worker) {
    for (uint64_t i = 0; i < kRounds; ++i) {
      if (worker < kWorkers) {
        histogram.Observe(worker, 0.5);
      } else {
        histogram.ObserveShared(0.5);
      }
    }
  });
  const HistogramValue value = histogram.Value();
  EXPECT_EQ(value.Count(), (kWorkers + 2) * kRounds);
  EXPECT_DOUBLE_EQ(value.sum, (kWorkers + 2) * kRounds * 0.5);
}

TEST(HistogramTest, DefaultBucketsCoverTheirRange) {
  EXPECT_EQ(LatencyBuckets().front(), 0.0005);
  EXPECT_EQ(LatencyBuckets().back(), 60);
  EXPECT_EQ(SizeBuckets().front(), 1024);
  EXPECT_EQ(SizeBuckets().back(), 1024.0 * 1024 * 1024);
}

}  // namespace
}  // namespace culvert::stats
