#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "source/stats/delta.h"
#include "source/stats/registry.h"

namespace culvert::stats {
namespace {

constexpr const char* kHelp = "Help.";

FamilySnapshot CounterOf(std::string name, Labels labels, uint64_t amount) {
  return {std::move(name), kHelp, Kind::kCounter, {}, {{std::move(labels), amount}}};
}

FamilySnapshot HistogramOf(std::vector<double> bounds, HistogramValue value) {
  return {
      "culvert_a_b_seconds", kHelp, Kind::kHistogram, std::move(bounds), {{{}, std::move(value)}}};
}

TEST(ImportTest, AddsToWhatIsCountedHere) {
  Registry registry(2);
  Counter& counter = registry.GetCounter("culvert_a_b_total", {{"x", "1"}, {"y", "2"}}, kHelp);
  counter.Add(0, 5);
  EXPECT_EQ(registry.Import({CounterOf("culvert_a_b_total", {{"y", "2"}, {"x", "1"}}, 37)}), 0);
  EXPECT_EQ(counter.Value(), 42);
  EXPECT_EQ(registry.Import({CounterOf("culvert_a_b_total", {{"x", "1"}, {"y", "2"}}, 1)}), 0);
  EXPECT_EQ(counter.Value(), 43);
}

TEST(ImportTest, AddsHistogramsBucketByBucket) {
  Registry registry(1);
  const std::vector bounds = {1.0, 2.0};
  Histogram& histogram = registry.GetHistogram("culvert_a_b_seconds", {}, kHelp, bounds);
  histogram.Observe(0, 1.5);
  EXPECT_EQ(registry.Import({HistogramOf(bounds, {{3, 4, 5}, 60.5})}), 0);
  EXPECT_EQ(histogram.Value().buckets, (std::vector<uint64_t>{3, 5, 5}));
  EXPECT_DOUBLE_EQ(histogram.Value().sum, 62);
}

TEST(ImportTest, WhatComesFirstGoesOnWhenTheProgramRegistersIt) {
  Registry registry(1);
  registry.Import({CounterOf("culvert_a_b_total", {{"x", "1"}}, 10)});
  // Perhaps of another version, which says it in other words.
  Counter& counter = registry.GetCounter("culvert_a_b_total", {{"x", "1"}}, "Other words.");
  EXPECT_EQ(counter.Value(), 10);
  EXPECT_EQ(registry.Read().at(0).help, "Other words.");
  registry.Import({CounterOf("culvert_a_b_total", {{"x", "1"}}, 5)});
  EXPECT_EQ(counter.Value(), 15);
}

TEST(ImportTest, AFamilyOfAnotherShapeGivesWayToTheProgram) {
  Registry registry(1);
  registry.Import({CounterOf("culvert_a_b_total", {{"x", "1"}}, 10)});
  EXPECT_EQ(registry.GetCounter("culvert_a_b_total", {{"z", "1"}}, kHelp).Value(), 0);
  registry.Import({HistogramOf({1.0}, {{1, 1}, 1})});
  EXPECT_EQ(
      registry.GetHistogram("culvert_a_b_seconds", {}, kHelp, LatencyBuckets()).Value().Count(), 0);
  EXPECT_EQ(registry.Read().size(), 2);
}

TEST(ImportTest, AFamilyOfTheProgramStaysAsItIs) {
  Registry registry(1);
  Counter& counter = registry.GetCounter("culvert_a_b_total", {{"x", "1"}}, kHelp);
  Histogram& histogram = registry.GetHistogram("culvert_a_b_seconds", {}, kHelp, LatencyBuckets());
  registry.GetGauge("culvert_a_c", {}, kHelp);
  EXPECT_EQ(registry.Import({CounterOf("culvert_a_b_total", {{"y", "1"}}, 1)}), 1);
  EXPECT_EQ(registry.Import({HistogramOf({1.0, 2.0}, {{1, 1, 1}, 1})}), 1);
  EXPECT_EQ(registry.Import({CounterOf("culvert_a_c", {}, 1)}), 1);
  EXPECT_EQ(counter.Value(), 0);
  EXPECT_EQ(histogram.Value().Count(), 0);
  EXPECT_EQ(registry.Read().size(), 3);
}

TEST(ImportTest, PassesOverWhatIsMalformed) {
  Registry registry(1);
  for (const char* name : {"", "other_a_b_total", "culvert_a_b", "culvert_A_b_total",
                           "culvert_a_b_total\n", "culvert_a_b_total 1\nculvert_a_c_total"}) {
    EXPECT_EQ(registry.Import({CounterOf(name, {}, 1)}), 1) << name;
  }
  for (const char* label : {"", "Upper", "__x", "a b", "1"}) {
    EXPECT_EQ(registry.Import({CounterOf("culvert_a_b_total", {{label, ""}}, 1)}), 1) << label;
  }
  EXPECT_EQ(registry.Import({CounterOf("culvert_a_b_total", {{"x", ""}, {"x", "2"}}, 1)}), 1);
  EXPECT_EQ(registry.Import({CounterOf("culvert_a_b_total", Labels(17, {"x", ""}), 1)}), 1);
  EXPECT_EQ(registry.Import({{"culvert_a_b", kHelp, Kind::kGauge, {}, {{{}, int64_t{1}}}}}), 1);
  EXPECT_EQ(registry.Import({HistogramOf({2.0, 1.0}, {{1, 1, 1}, 1})}), 1);
  EXPECT_EQ(registry.Import({HistogramOf({NAN}, {{1, 1}, 1})}), 1);
  EXPECT_EQ(registry.Import({HistogramOf(std::vector<double>(1000, 1.0), {{1}, 1})}), 1);
  EXPECT_TRUE(registry.Read().empty());
  // The value is not of the family's kind, or has not its buckets.
  EXPECT_EQ(
      registry.Import({{"culvert_a_b_total", kHelp, Kind::kCounter, {}, {{{}, int64_t{-1}}}}}), 1);
  EXPECT_EQ(registry.Import({HistogramOf({1.0}, {{1, 1, 1}, 1})}), 1);
  EXPECT_EQ(registry.Import({HistogramOf({1.0}, {{}, 1})}), 1);
}

TEST(ImportTest, NothingMakesASumGoBack) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  Registry registry(1);
  Counter& counter = registry.GetCounter("culvert_a_b_total", {}, kHelp);
  counter.Add(0, 100);
  EXPECT_EQ(registry.Import({CounterOf("culvert_a_b_total", {}, kMost)}), 1);
  uint64_t before = counter.Value();
  for (int i = 0; i < 8; ++i) {
    registry.Import({CounterOf("culvert_a_b_total", {}, kMost / 5)});
    EXPECT_GE(counter.Value(), before);
    before = counter.Value();
  }
  Histogram& histogram = registry.GetHistogram("culvert_a_b_seconds", {}, kHelp, std::vector{1.0});
  histogram.Observe(0, 1);
  const double infinity = std::numeric_limits<double>::infinity();
  for (const HistogramValue& value :
       {HistogramValue{{kMost, 0}, 1}, HistogramValue{{1, 0}, -1}, HistogramValue{{1, 0}, NAN},
        HistogramValue{{1, 0}, infinity}}) {
    EXPECT_EQ(registry.Import({HistogramOf({1.0}, value)}), 1);
  }
  EXPECT_EQ(histogram.Value().Count(), 1);
  EXPECT_EQ(histogram.Value().sum, 1);
}

TEST(ImportTest, SeriesAreBounded) {
  Registry registry(1);
  FamilySnapshot family = CounterOf("culvert_a_b_total", {{"x", ""}}, 1);
  family.samples.clear();
  for (int i = 0; i < 256 * 1024 + 7; ++i)
    family.samples.push_back({{{"x", std::to_string(i)}}, uint64_t{1}});
  EXPECT_EQ(registry.Import({family}), 7);
  // Those that are there go on.
  EXPECT_EQ(registry.Import({CounterOf("culvert_a_b_total", {{"x", "5"}}, 1)}), 0);
  EXPECT_EQ(registry.GetCounter("culvert_a_b_total", {{"x", "5"}}, kHelp).Value(), 2);
}

TEST(ImportTest, DifferencesAddUpToTheSameWhileBothCount) {
  Registry old_process(2);
  Registry new_process(1);
  std::vector<std::thread> workers;
  for (uint32_t worker = 0; worker < 2; ++worker) {
    workers.emplace_back([&old_process, worker] {
      Counter& counter = old_process.GetCounter("culvert_a_b_total", {}, kHelp);
      Histogram& histogram =
          old_process.GetHistogram("culvert_a_b_seconds", {}, kHelp, LatencyBuckets());
      for (int i = 0; i < 20'000; ++i) {
        counter.Add(worker);
        histogram.Observe(worker, i * 0.25);
      }
    });
  }
  Snapshot told;
  const auto tell = [&] {
    Snapshot now = old_process.Read();
    EXPECT_EQ(new_process.Import(CountedSince(told, now)), 0);
    told = std::move(now);
  };
  for (int i = 0; i < 50; ++i) tell();
  for (std::thread& worker : workers) worker.join();
  tell();
  EXPECT_EQ(new_process.GetCounter("culvert_a_b_total", {}, kHelp).Value(), 40'000);
  const HistogramValue sum =
      new_process.GetHistogram("culvert_a_b_seconds", {}, kHelp, LatencyBuckets()).Value();
  EXPECT_EQ(sum.Count(), 40'000);
  EXPECT_DOUBLE_EQ(sum.sum, 2 * 0.25 * 20'000 * 19'999 / 2);
}

}  // namespace
}  // namespace culvert::stats
