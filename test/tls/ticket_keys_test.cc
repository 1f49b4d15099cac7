#include "source/tls/ticket_keys.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace culvert::tls {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const TimePoint kStart = TimePoint() + hours(1000);

TEST(TicketKeysTest, OneKeySealsForAnInterval) {
  TicketKeys keys(hours(12), kStart);
  const TicketKey first = keys.Current(kStart);
  EXPECT_EQ(keys.Current(kStart + hours(12) - seconds(1)).name, first.name);
  EXPECT_NE(keys.Current(kStart + hours(12)).name, first.name);
}

TEST(TicketKeysTest, AKeyOpensForTwoMoreIntervalsAndAsksForRenewal) {
  TicketKeys keys(hours(12), kStart);
  const TicketKey first = keys.Current(kStart);
  EXPECT_FALSE(keys.Find(first.name, kStart)->renew);
  for (const int intervals : {1, 2}) {
    const auto found = keys.Find(first.name, kStart + hours(12 * intervals));
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->renew);
    EXPECT_EQ(found->key.cipher_key, first.cipher_key);
    EXPECT_EQ(found->key.mac_key, first.mac_key);
  }
  EXPECT_FALSE(keys.Find(first.name, kStart + hours(36)));
}

TEST(TicketKeysTest, AfterAQuietTimeNoOldKeyIsLeft) {
  TicketKeys keys(hours(12), kStart);
  const TicketKey first = keys.Current(kStart);
  EXPECT_FALSE(keys.Find(first.name, kStart + hours(24 * 365)));
}

TEST(TicketKeysTest, UnknownNamesAreNotFound) {
  TicketKeys keys(hours(12), kStart);
  TicketKeys others(hours(12), kStart);
  EXPECT_FALSE(keys.Find(others.Current(kStart).name, kStart));
  EXPECT_FALSE(keys.Find({}, kStart));
}

TEST(TicketKeysTest, AnotherProcessGoesOnWithKeysOfTheSameAge) {
  TicketKeys before(hours(12), kStart);
  const TicketKey first = before.Current(kStart);
  const TicketKey second = before.Current(kStart + hours(12));
  const TicketKeys::State state = before.Export(kStart + hours(20));
  ASSERT_EQ(state.keys.size(), 2);
  EXPECT_EQ(state.age, hours(8));
  // Its clock counts from somewhere else.
  const TimePoint start = TimePoint() + hours(7);
  TicketKeys after(hours(12), state, start);
  EXPECT_EQ(after.Current(start).name, second.name);
  EXPECT_EQ(after.Find(first.name, start)->key.cipher_key, first.cipher_key);
  EXPECT_TRUE(after.Find(first.name, start)->renew);
  EXPECT_NE(after.Current(start + hours(4)).name, second.name);
  EXPECT_FALSE(after.Find(first.name, start + hours(16)));
}

TEST(TicketKeysTest, AStateHasNoKeyThatIsTooOld) {
  TicketKeys keys(hours(12), kStart);
  const TicketKey first = keys.Current(kStart);
  const TicketKeys::State state = keys.Export(kStart + hours(36));
  EXPECT_EQ(state.keys.size(), TicketKeys::kMostKeys);
  EXPECT_EQ(state.age, seconds(0));
  for (const TicketKey& key : state.keys) EXPECT_NE(key.name, first.name);
}

TEST(TicketKeysTest, WorkersShareOneKey) {
  TicketKeys keys(seconds(1), kStart);
  std::atomic<int> lost = 0;
  std::vector<std::thread> workers;
  workers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      for (int step = 0; step < 2000; ++step) {
        const TimePoint now = kStart + seconds(step / 100);
        // Another worker may be ahead by an interval or more, never so far that a new key is gone
        // for this one.
        const TicketKey key = keys.Current(kStart + seconds(20));
        if (!keys.Find(key.name, now)) ++lost;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(lost, 0);
}

}  // namespace
}  // namespace culvert::tls
