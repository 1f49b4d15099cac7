#include "source/stats/registry.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace culvert::stats {
namespace {

TEST(RegistryTest, TheSameNameAndLabelsGiveTheSameMetric) {
  Registry registry(2);
  Counter& first = registry.GetCounter("culvert_a_b_total", {{"x", "1"}, {"y", "2"}}, "Help.");
  first.Add(0, 3);
  Counter& again = registry.GetCounter("culvert_a_b_total", {{"y", "2"}, {"x", "1"}}, "Help.");
  EXPECT_EQ(&first, &again);
  EXPECT_EQ(again.Value(), 3);

  Counter& other = registry.GetCounter("culvert_a_b_total", {{"x", "1"}, {"y", "3"}}, "Help.");
  EXPECT_NE(&first, &other);
  EXPECT_EQ(other.Value(), 0);
}

TEST(RegistryTest, GaugesAndHistogramsAreKeptToo) {
  Registry registry(1);
  EXPECT_EQ(&registry.GetGauge("culvert_a_b", {}, "Help."),
            &registry.GetGauge("culvert_a_b", {}, "Help."));
  EXPECT_EQ(&registry.GetHistogram("culvert_a_c_seconds", {}, "Help.", LatencyBuckets()),
            &registry.GetHistogram("culvert_a_c_seconds", {}, "Help.", LatencyBuckets()));
}

TEST(RegistryTest, ReadIsSortedByNameAndLabels) {
  Registry registry(1);
  registry.GetGauge("culvert_z_z", {}, "Z.");
  registry.GetCounter("culvert_a_b_total", {{"x", "2"}}, "Help.").Add(0, 2);
  registry.GetCounter("culvert_a_b_total", {{"x", "1"}}, "Help.").Add(0, 1);
  const Snapshot snapshot = registry.Read();
  ASSERT_EQ(snapshot.size(), 2);
  EXPECT_EQ(snapshot[0].name, "culvert_a_b_total");
  ASSERT_EQ(snapshot[0].samples.size(), 2);
  EXPECT_EQ(snapshot[0].samples[0].labels, (Labels{{"x", "1"}}));
  EXPECT_EQ(std::get<uint64_t>(snapshot[0].samples[0].value), 1);
  EXPECT_EQ(std::get<uint64_t>(snapshot[0].samples[1].value), 2);
  EXPECT_EQ(snapshot[1].kind, Kind::kGauge);
  EXPECT_EQ(std::get<int64_t>(snapshot[1].samples[0].value), 0);
}

TEST(RegistryTest, ThreadsMayRegisterCountAndReadAtOnce) {
  constexpr uint32_t kThreads = 4;
  Registry registry(kThreads);
  std::vector<std::thread> threads;
  for (uint32_t worker = 0; worker < kThreads; ++worker) {
    threads.emplace_back([&registry, worker] {
      for (int i = 0; i < 200; ++i) {
        registry.GetCounter("culvert_a_b_total", {{"i", std::to_string(i)}}, "Help.").Add(worker);
        if (i % 50 == 0) registry.Read();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Snapshot snapshot = registry.Read();
  ASSERT_EQ(snapshot.size(), 1);
  ASSERT_EQ(snapshot[0].samples.size(), 200);
  for (const Sample& sample : snapshot[0].samples) {
    EXPECT_EQ(std::get<uint64_t>(sample.value), kThreads);
  }
}

TEST(ScopeTest, PutsPrefixAndLabelsOnEachMetric) {
  Registry registry(1);
  const Scope scope(registry, "culvert_listener", {{"listener", "https_proxy"}});
  Counter& counter = scope.GetCounter("connections_total", {{"result", "ok"}}, "Help.");
  EXPECT_EQ(&counter,
            &registry.GetCounter("culvert_listener_connections_total",
                                 {{"listener", "https_proxy"}, {"result", "ok"}}, "Help."));
  Gauge& gauge = scope.GetGauge("open_connections", {}, "Help.");
  EXPECT_EQ(&gauge, &registry.GetGauge("culvert_listener_open_connections",
                                       {{"listener", "https_proxy"}}, "Help."));
  Histogram& histogram = scope.GetHistogram("duration_seconds", {}, "Help.", LatencyBuckets());
  EXPECT_EQ(&histogram,
            &registry.GetHistogram("culvert_listener_duration_seconds",
                                   {{"listener", "https_proxy"}}, "Help.", LatencyBuckets()));
}

TEST(RegistryDeathTest, RefusesMalformedNames) {
  Registry registry(1);
  for (const char* name :
       {"", "culvert", "culvert_a", "culvert_a_", "culvert__b_total", "other_a_b_total",
        "culvert_A_b_total", "culvert_a-b_total", "culvert_a_b_total\n"}) {
    EXPECT_DEATH(registry.GetCounter(name, {}, "Help."), "culvert_<area>_<event>") << name;
  }
}

TEST(RegistryDeathTest, OnlyCountersEndInTotal) {
  Registry registry(1);
  EXPECT_DEATH(registry.GetCounter("culvert_a_b", {}, "Help."), "end in _total");
  EXPECT_DEATH(registry.GetGauge("culvert_a_b_total", {}, "Help."), "end in _total");
  EXPECT_DEATH(registry.GetGauge("culvert_a_b_count", {}, "Help."), "suffix _count is taken");
}

TEST(RegistryDeathTest, RefusesMalformedLabels) {
  Registry registry(1);
  EXPECT_DEATH(registry.GetGauge("culvert_a_b", {{"Upper", ""}}, "Help."), "label name 'Upper'");
  EXPECT_DEATH(registry.GetGauge("culvert_a_b", {{"__x", ""}}, "Help."), "label name '__x'");
  EXPECT_DEATH(registry.GetGauge("culvert_a_b", {{"x", "1"}, {"x", "2"}}, "Help."), "given twice");
  EXPECT_DEATH(registry.GetHistogram("culvert_a_b_bytes", {{"le", ""}}, "Help.", SizeBuckets()),
               "'le' is taken");
}

TEST(RegistryDeathTest, RefusesBucketsThatDoNotAscend) {
  Registry registry(1);
  EXPECT_DEATH(registry.GetHistogram("culvert_a_b_bytes", {}, "Help.", {}), "needs buckets");
  EXPECT_DEATH(registry.GetHistogram("culvert_a_b_bytes", {}, "Help.", std::vector{2.0, 2.0}),
               "must be finite and ascend");
}

TEST(RegistryDeathTest, RefusesOneNameWithTwoMeanings) {
  Registry registry(1);
  registry.GetGauge("culvert_a_b", {{"x", "1"}}, "Help.");
  registry.GetHistogram("culvert_a_b_bytes", {}, "Help.", SizeBuckets());
  EXPECT_DEATH(registry.GetHistogram("culvert_a_b", {{"x", "1"}}, "Help.", SizeBuckets()),
               "another kind");
  EXPECT_DEATH(registry.GetGauge("culvert_a_b", {{"x", "1"}}, "Other."), "another help text");
  EXPECT_DEATH(registry.GetGauge("culvert_a_b", {{"y", "1"}}, "Help."), "other label names");
  EXPECT_DEATH(registry.GetHistogram("culvert_a_b_bytes", {}, "Help.", LatencyBuckets()),
               "other buckets");
}

}  // namespace
}  // namespace culvert::stats
