#include "source/stats/delta.h"

#include <gtest/gtest.h>

#include <vector>

#include "source/stats/registry.h"

namespace culvert::stats {
namespace {

constexpr const char* kHelp = "Help.";

TEST(CountedSinceTest, NothingCountedIsNothing) {
  Registry registry(1);
  registry.GetCounter("culvert_a_b_total", {}, kHelp).Add(0, 3);
  registry.GetCounter("culvert_a_zero_total", {}, kHelp);
  registry.GetHistogram("culvert_a_b_seconds", {}, kHelp, LatencyBuckets());
  const Snapshot snapshot = registry.Read();
  EXPECT_TRUE(CountedSince(snapshot, snapshot).empty());
  EXPECT_EQ(CountedSince({}, snapshot).size(), 1);
}

TEST(CountedSinceTest, GivesWhatGrewAndByHowMuch) {
  Registry registry(1);
  Counter& still = registry.GetCounter("culvert_a_b_total", {{"x", "still"}}, kHelp);
  Counter& grows = registry.GetCounter("culvert_a_b_total", {{"x", "grows"}}, kHelp);
  still.Add(0, 7);
  grows.Add(0, 40);
  const Snapshot before = registry.Read();
  grows.Add(0, 2);
  registry.GetCounter("culvert_a_b_total", {{"x", "new"}}, kHelp).Add(0, 5);
  registry.GetCounter("culvert_a_a_total", {}, kHelp).Add(0, 1);
  const Snapshot counted = CountedSince(before, registry.Read());
  ASSERT_EQ(counted.size(), 2);
  EXPECT_EQ(counted[0].name, "culvert_a_a_total");
  ASSERT_EQ(counted[1].samples.size(), 2);
  EXPECT_EQ(counted[1].samples[0].labels, (Labels{{"x", "grows"}}));
  EXPECT_EQ(std::get<uint64_t>(counted[1].samples[0].value), 2);
  EXPECT_EQ(counted[1].samples[1].labels, (Labels{{"x", "new"}}));
  EXPECT_EQ(std::get<uint64_t>(counted[1].samples[1].value), 5);
}

TEST(CountedSinceTest, GivesTheGrowthOfEachBucketAndOfTheSum) {
  Registry registry(1);
  Histogram& histogram =
      registry.GetHistogram("culvert_a_b_seconds", {}, kHelp, std::vector{1.0, 2.0});
  histogram.Observe(0, 0.5);
  const Snapshot before = registry.Read();
  histogram.Observe(0, 0.5);
  histogram.Observe(0, 8);
  const Snapshot counted = CountedSince(before, registry.Read());
  ASSERT_EQ(counted.size(), 1);
  EXPECT_EQ(counted[0].bounds, (std::vector{1.0, 2.0}));
  const auto& value = std::get<HistogramValue>(counted[0].samples.at(0).value);
  EXPECT_EQ(value.buckets, (std::vector<uint64_t>{1, 0, 1}));
  EXPECT_DOUBLE_EQ(value.sum, 8.5);
}

TEST(CountedSinceTest, GaugesDoNotTravel) {
  Registry registry(1);
  registry.GetGauge("culvert_a_b", {}, kHelp).Add(0, 3);
  EXPECT_TRUE(CountedSince({}, registry.Read()).empty());
}

}  // namespace
}  // namespace culvert::stats
