#include "source/server/connection_limits.h"

#include <gtest/gtest.h>

#include <array>

namespace culvert::server {
namespace {

const net::IpAddress kAlice = net::IpAddress::V4(192, 0, 2, 1);
const net::IpAddress kBob = net::IpAddress::V4(192, 0, 2, 2);

TEST(ConnectionLimitsTest, ZeroIsNoLimit) {
  ConnectionCount process(0);
  ConnectionLimits limits(process);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limits.TryAdd(&kAlice), "");
  EXPECT_EQ(process.count(), 100u);
}

TEST(ConnectionLimitsTest, EachLimitNamesItself) {
  ConnectionCount process(3);
  ConnectionLimits limits(process);
  ConnectionLimits other(process);
  limits.Configure(2, 1);
  EXPECT_EQ(limits.TryAdd(&kAlice), "");
  EXPECT_EQ(limits.TryAdd(&kAlice), "source_connection_limit");
  EXPECT_EQ(limits.TryAdd(&kBob), "");
  EXPECT_EQ(limits.TryAdd(nullptr), "listener_connection_limit");
  EXPECT_EQ(other.TryAdd(nullptr), "");
  EXPECT_EQ(other.TryAdd(nullptr), "connection_limit");
}

TEST(ConnectionLimitsTest, WhatWasRefusedIsNotCounted) {
  ConnectionCount process(0);
  ConnectionLimits limits(process);
  limits.Configure(1, 1);
  ASSERT_EQ(limits.TryAdd(&kAlice), "");
  for (int i = 0; i < 5; ++i) EXPECT_NE(limits.TryAdd(&kAlice), "");
  EXPECT_EQ(process.count(), 1u);
  limits.Remove(&kAlice);
  EXPECT_EQ(process.count(), 0u);
  EXPECT_EQ(limits.TryAdd(&kAlice), "");
}

TEST(ConnectionLimitsTest, AnIpv6NetworkOf64IsOneSource) {
  ConnectionCount process(0);
  ConnectionLimits limits(process);
  limits.Configure(0, 1);
  const net::IpAddress one = *net::IpAddress::Parse("2001:db8::1");
  const net::IpAddress neighbour = *net::IpAddress::Parse("2001:db8::ffff");
  const net::IpAddress stranger = *net::IpAddress::Parse("2001:db8:0:1::1");
  EXPECT_EQ(limits.TryAdd(&one), "");
  EXPECT_EQ(limits.TryAdd(&neighbour), "source_connection_limit");
  EXPECT_EQ(limits.TryAdd(&stranger), "");
}

TEST(ConnectionLimitsTest, ALimitThatIsSetLaterCountsWhoIsThere) {
  ConnectionCount process(0);
  ConnectionLimits limits(process);
  ASSERT_EQ(limits.TryAdd(&kAlice), "");
  limits.Configure(0, 1);
  EXPECT_EQ(limits.TryAdd(&kAlice), "source_connection_limit");
}

}  // namespace
}  // namespace culvert::server
