#include "source/server/worker.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "test/server/pool_fixture.h"

namespace culvert::server {
namespace {

// Looking at connections and ending them, as other threads do.
class WorkerTest : public PoolFixture {
 protected:
  WorkerTest() {
    pool_->Start();
    EXPECT_TRUE(Swap({MakeListener("127.0.0.1:0")}).ok());
  }

  net::Fd ConnectAs(const std::string& user) {
    net::Fd client = Connect();
    EXPECT_EQ(ReadByte(client), '!');
    if (user.empty()) return client;
    EXPECT_EQ(write(client.get(), user.data(), user.size()), static_cast<ssize_t>(user.size()));
    EXPECT_EQ(ReadByte(client), '!');
    return client;
  }

  ConnectionPage Page(Worker& worker, const ConnectionQuery& query, uint64_t after, uint32_t most) {
    std::optional<ConnectionPage> page;
    worker.ListConnections(query, after, most,
                           [&](ConnectionPage found) { loop_.Post([&, found] { page = found; }); });
    EXPECT_TRUE(RunUntil([&] { return page.has_value(); }));
    return *page;
  }
  std::vector<ConnectionInfo> List(const ConnectionQuery& query, uint32_t most = 1000) {
    std::vector<ConnectionInfo> all;
    for (const auto& worker : pool_->workers()) {
      uint64_t after = 0;
      do {
        ConnectionPage page = Page(*worker, query, after, most);
        EXPECT_LE(page.connections.size(), most);
        for (ConnectionInfo& info : page.connections) all.push_back(std::move(info));
        after = page.next;
      } while (after != 0);
    }
    return all;
  }
  uint32_t Killed(const std::function<void(Worker&, std::function<void(uint32_t)>)>& kill) {
    uint32_t killed = 0;
    size_t answers = 0;
    for (const auto& worker : pool_->workers()) {
      kill(*worker, [&](uint32_t count) {
        loop_.Post([&, count] {
          killed += count;
          ++answers;
        });
      });
    }
    EXPECT_TRUE(RunUntil([&] { return answers == pool_->workers().size(); }));
    return killed;
  }
};

TEST_F(WorkerTest, DescribesConnections) {
  const net::Fd client = ConnectAs("alice");
  const std::vector<ConnectionInfo> all = List({});
  ASSERT_EQ(all.size(), 1u);
  const ConnectionInfo& info = all.front();
  EXPECT_EQ(info.listener, "a");
  EXPECT_EQ(info.filter_chain, "the chain");
  EXPECT_EQ(info.user, "alice");
  EXPECT_EQ(info.source, BoundAddressOf(client.get(), {}).ToString());
  EXPECT_EQ(info.phase, "tunnel");
  EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - info.start),
            std::chrono::minutes(1));
  EXPECT_EQ(pool_->WorkerOf(info.id)->IndexOf(info.id), Worker::IndexOf(info.id));
}

TEST_F(WorkerTest, ListsEachConnectionOncePageByPage) {
  std::vector<net::Fd> clients;
  for (uint32_t i = 0; i < ConnectionTable::kSlice * kWorkers * 2; ++i) {
    clients.push_back(ConnectAs(""));
  }
  for (const uint32_t most : {1000u, 7u}) {
    std::set<uint64_t> ids;
    for (const ConnectionInfo& info : List({}, most)) {
      EXPECT_TRUE(ids.insert(info.id).second);
    }
    EXPECT_EQ(ids.size(), clients.size());
  }
  // What matches is found however late it comes.
  clients.push_back(ConnectAs("late"));
  EXPECT_EQ(List({.user = "late"}).size(), 1u);
}

TEST_F(WorkerTest, APageLooksAtSomeConnectionsOnly) {
  std::vector<net::Fd> clients;
  for (uint32_t i = 0; i < ConnectionTable::kSlice * kWorkers * 2; ++i) {
    clients.push_back(ConnectAs(""));
  }
  size_t most = 0;
  for (const auto& worker : pool_->workers()) {
    const ConnectionPage page = Page(*worker, {}, 0, 1'000'000);
    most = std::max(most, page.connections.size());
  }
  EXPECT_EQ(most, ConnectionTable::kSlice);
}

TEST_F(WorkerTest, KillsOneConnection) {
  const net::Fd one = ConnectAs("one");
  const net::Fd other = ConnectAs("other");
  const uint64_t id = List({.user = "one"}).front().id;
  const auto kill = [id](Worker& worker, auto done) { worker.Kill(id, done); };
  EXPECT_EQ(Killed(kill), 1u);
  EXPECT_EQ(ReadByte(one), -1);
  EXPECT_EQ(ReadByte(other, std::chrono::milliseconds(20)), 0);
  ExpectConnections(1);
  EXPECT_EQ(Killed(kill), 0u);
}

TEST_F(WorkerTest, KillsEveryConnectionOfAUser) {
  std::vector<net::Fd> clients;
  for (uint32_t i = 0; i < ConnectionTable::kSlice * kWorkers * 2; ++i) {
    clients.push_back(ConnectAs(i % 2 == 0 ? "bob" : "eve"));
  }
  const auto kill = [](Worker& worker, auto done) { worker.KillUser("bob", done); };
  EXPECT_EQ(Killed(kill), clients.size() / 2);
  for (size_t i = 0; i < clients.size(); i += 2) EXPECT_EQ(ReadByte(clients[i]), -1);
  ExpectConnections(static_cast<uint32_t>(clients.size() / 2));
}

TEST_F(WorkerTest, CountsConnections) {
  EXPECT_EQ(pool_->connections(), 0u);
  net::Fd client = ConnectAs("");
  EXPECT_EQ(pool_->connections(), 1u);
  client.Close();
  ExpectConnections(0);
}

}  // namespace
}  // namespace culvert::server
