#include "source/tls/ticket_key_store.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace culvert::tls {
namespace {

using std::chrono::hours;

const TimePoint kStart = TimePoint() + hours(1000);

TicketKeyStore::Owner OwnerOf(const std::string& listener) { return {listener, "p", hours(12)}; }

TEST(TicketKeyStoreTest, AnOwnerGetsTheSameKeysAgain) {
  TicketKeyStore store;
  const auto keys = store.Get(OwnerOf("a"), kStart);
  EXPECT_EQ(store.Get(OwnerOf("a"), kStart + hours(1)), keys);
}

TEST(TicketKeyStoreTest, EveryPartOfTheOwnerCounts) {
  TicketKeyStore store;
  const auto keys = store.Get({"a", "p", hours(12)}, kStart);
  EXPECT_NE(store.Get({"b", "p", hours(12)}, kStart), keys);
  EXPECT_NE(store.Get({"a", "q", hours(12)}, kStart), keys);
  EXPECT_NE(store.Get({"a", "p", hours(13)}, kStart), keys);
}

TEST(TicketKeyStoreTest, KeysGoWithTheLastWhoHasThem) {
  TicketKeyStore store;
  store.Get(OwnerOf("a"), kStart);
  const auto kept = store.Get(OwnerOf("b"), kStart);
  const auto exported = store.Export(kStart);
  ASSERT_EQ(exported.size(), 1);
  EXPECT_EQ(exported[0].owner, OwnerOf("b"));
}

TEST(TicketKeyStoreTest, ManyOwnersThatCameAndWentLeaveTheOthersAlone) {
  TicketKeyStore store;
  const auto kept = store.Get(OwnerOf("kept"), kStart);
  for (int i = 0; i < 1000; ++i) store.Get(OwnerOf(std::to_string(i)), kStart);
  EXPECT_EQ(store.Get(OwnerOf("kept"), kStart), kept);
}

TEST(TicketKeyStoreTest, AnotherProcessGoesOnWithTheKeys) {
  TicketKeyStore before;
  const auto old_keys = before.Get(OwnerOf("a"), kStart);
  const TicketKey key = old_keys->Current(kStart);
  TicketKeyStore after;
  after.Import(before.Export(kStart + hours(8)), kStart);
  const auto keys = after.Get(OwnerOf("a"), kStart);
  EXPECT_EQ(keys->Current(kStart).name, key.name);
  EXPECT_NE(keys->Current(kStart + hours(4)).name, key.name) << "as old as it was there";
  EXPECT_NE(after.Get(OwnerOf("b"), kStart)->Current(kStart).name, key.name);
}

// A config may be built, and thrown away, before the one that is served.
TEST(TicketKeyStoreTest, ImportedKeysWaitForTheirOwnerUntilTheyAreTooOld) {
  TicketKeyStore before;
  const auto old_keys = before.Get(OwnerOf("a"), kStart);
  TicketKeyStore after;
  after.Import(before.Export(kStart), kStart);
  const auto name = after.Get(OwnerOf("a"), kStart)->Current(kStart).name;
  EXPECT_EQ(after.Get(OwnerOf("a"), kStart)->Current(kStart).name, name);
  EXPECT_EQ(after.Export(kStart + hours(35)).size(), 1);
  EXPECT_EQ(after.Export(kStart + hours(36)).size(), 0);
}

TEST(TicketKeyStoreTest, AnImportDoesNotReplaceKeys) {
  TicketKeyStore before;
  const auto old_keys = before.Get(OwnerOf("a"), kStart);
  TicketKeyStore after;
  const auto keys = after.Get(OwnerOf("a"), kStart);
  after.Import(before.Export(kStart), kStart);
  EXPECT_EQ(after.Get(OwnerOf("a"), kStart), keys);
}

TEST(TicketKeyStoreTest, WhatNoExportWouldGiveIsNotImported) {
  const TicketKey key = TicketKeys(hours(12), kStart).Current(kStart);
  const auto imported = [&](Duration interval, size_t keys, Duration age) {
    TicketKeyStore store;
    std::vector<TicketKeyStore::Exported> all;
    all.push_back({{"a", "p", interval}, {std::vector<TicketKey>(keys, key), age}});
    store.Import(std::move(all), kStart);
    return store.Export(kStart).size();
  };
  EXPECT_EQ(imported(hours(12), 1, hours(0)), 1);
  EXPECT_EQ(imported(hours(12), 3, hours(35)), 1);
  EXPECT_EQ(imported(hours(12), 0, hours(0)), 0);
  EXPECT_EQ(imported(hours(12), 4, hours(0)), 0);
  EXPECT_EQ(imported(hours(12), 1, hours(36)), 0);
  EXPECT_EQ(imported(hours(12), 1, hours(-1)), 0);
  EXPECT_EQ(imported(hours(0), 1, hours(0)), 0);
  EXPECT_EQ(imported(hours(-1), 1, hours(0)), 0);
}

}  // namespace
}  // namespace culvert::tls
