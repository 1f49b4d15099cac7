#include "source/net/dns_cache.h"

#include <gtest/gtest.h>

#include <chrono>

namespace culvert::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Family = IpAddress::Family;

constexpr TimePoint kStart = TimePoint(hours(1));

DnsAnswer Positive(Duration ttl) {
  return {.failure = ResolveFailure::kNone, .addresses = {IpAddress::V4(192, 0, 2, 1)}, .ttl = ttl};
}

DnsAnswer Failed(ResolveFailure failure, std::optional<Duration> ttl = {}) {
  return {.failure = failure, .addresses = {}, .ttl = ttl};
}

// For how long `answer` is kept.
Duration Lifetime(const DnsCacheOptions& options, const DnsAnswer& answer) {
  DnsCache cache(options);
  cache.Insert("a.test", Family::kV4, answer, kStart);
  Duration low = Duration::zero();
  Duration high = hours(100);
  if (cache.Find("a.test", Family::kV4, kStart) == nullptr) return low;
  while (high - low > Duration(1)) {
    const Duration middle = low + (high - low) / 2;
    (cache.Find("a.test", Family::kV4, kStart + middle) != nullptr ? low : high) = middle;
  }
  return high;
}

TEST(DnsCacheTest, KeepsAnAnswerForItsTimeToLive) {
  EXPECT_EQ(Lifetime({}, Positive(seconds(30))), seconds(30));
}

TEST(DnsCacheTest, TimeToLiveStaysWithinTheBounds) {
  const DnsCacheOptions options{.minimum_ttl = seconds(10), .maximum_ttl = seconds(60)};
  EXPECT_EQ(Lifetime(options, Positive(seconds(1))), seconds(10));
  EXPECT_EQ(Lifetime(options, Positive(seconds(61))), seconds(60));
  EXPECT_EQ(Lifetime(options, Failed(ResolveFailure::kNotFound, seconds(1))), seconds(10));
  EXPECT_EQ(Lifetime(options, Failed(ResolveFailure::kNotFound, hours(2))), seconds(60));
}

TEST(DnsCacheTest, TimeToLiveOfZeroIsNotKept) {
  EXPECT_EQ(Lifetime({}, Positive(seconds(0))), seconds(0));
  EXPECT_EQ(Lifetime({}, Failed(ResolveFailure::kNotFound, seconds(0))), seconds(0));
}

TEST(DnsCacheTest, MissingNameIsKeptAsTheZoneSays) {
  const DnsCacheOptions options{.negative_ttl = seconds(7)};
  EXPECT_EQ(Lifetime(options, Failed(ResolveFailure::kNotFound, seconds(300))), seconds(300));
  EXPECT_EQ(Lifetime(options, Failed(ResolveFailure::kNotFound)), seconds(7));
}

TEST(DnsCacheTest, FailureOfServersIsKeptBriefly) {
  for (const ResolveFailure failure :
       {ResolveFailure::kServerFailure, ResolveFailure::kTimedOut, ResolveFailure::kMalformed}) {
    EXPECT_EQ(Lifetime({}, Failed(failure)), DnsCache::kMaxFailureTtl);
    EXPECT_EQ(Lifetime({.negative_ttl = milliseconds(200)}, Failed(failure)), milliseconds(200));
    EXPECT_EQ(Lifetime({.negative_ttl = seconds(0)}, Failed(failure)), seconds(0));
  }
}

TEST(DnsCacheTest, WhatIsNoAnswerIsNotKept) {
  EXPECT_EQ(Lifetime({}, Failed(ResolveFailure::kCancelled)), seconds(0));
  EXPECT_EQ(Lifetime({}, Failed(ResolveFailure::kTooMany)), seconds(0));
}

TEST(DnsCacheTest, FamiliesOfANameAreKeptApart) {
  DnsCache cache({});
  cache.Insert("a.test", Family::kV4, Positive(seconds(30)), kStart);
  cache.Insert("a.test", Family::kV6, Failed(ResolveFailure::kNotFound, seconds(10)), kStart);
  EXPECT_EQ(cache.size(), 1);
  EXPECT_EQ(cache.Find("a.test", Family::kV4, kStart)->failure, ResolveFailure::kNone);
  EXPECT_EQ(cache.Find("a.test", Family::kV6, kStart)->failure, ResolveFailure::kNotFound);
  EXPECT_EQ(cache.Find("a.test", Family::kV6, kStart + seconds(10)), nullptr);
  EXPECT_NE(cache.Find("a.test", Family::kV4, kStart + seconds(10)), nullptr);
}

TEST(DnsCacheTest, NewerAnswerTakesThePlaceOfTheOlder) {
  DnsCache cache({});
  cache.Insert("a.test", Family::kV4, Failed(ResolveFailure::kNotFound), kStart);
  cache.Insert("a.test", Family::kV4, Positive(seconds(30)), kStart);
  EXPECT_EQ(cache.size(), 1);
  EXPECT_EQ(cache.Find("a.test", Family::kV4, kStart)->failure, ResolveFailure::kNone);
}

TEST(DnsCacheTest, NameThatWasNotAskedForLongestMakesRoom) {
  DnsCache cache({.max_names = 2});
  cache.Insert("a.test", Family::kV4, Positive(seconds(30)), kStart);
  cache.Insert("b.test", Family::kV4, Positive(seconds(30)), kStart);
  EXPECT_NE(cache.Find("a.test", Family::kV4, kStart), nullptr);
  cache.Insert("c.test", Family::kV4, Positive(seconds(30)), kStart);
  EXPECT_EQ(cache.size(), 2);
  EXPECT_NE(cache.Find("a.test", Family::kV4, kStart), nullptr);
  EXPECT_EQ(cache.Find("b.test", Family::kV4, kStart), nullptr);
  EXPECT_NE(cache.Find("c.test", Family::kV4, kStart), nullptr);
}

TEST(DnsCacheTest, NeverHasMoreNamesThanAllowed) {
  DnsCache cache({.max_names = 100});
  for (int i = 0; i < 1000; ++i) {
    cache.Insert(std::to_string(i) + ".test", Family::kV6, Positive(hours(1)), kStart);
    EXPECT_LE(cache.size(), 100);
  }
  DnsCache none({.max_names = 0});
  none.Insert("a.test", Family::kV4, Positive(hours(1)), kStart);
  EXPECT_EQ(none.size(), 0);
}

}  // namespace
}  // namespace culvert::net
