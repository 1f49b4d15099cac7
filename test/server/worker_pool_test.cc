#include "source/server/worker_pool.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/server/pool_fixture.h"

namespace culvert::server {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAnyPort = "127.0.0.1:0";

class WorkerPoolTest : public PoolFixture {
 protected:
  WorkerPoolTest() { pool_->Start(); }

  std::shared_ptr<ListenerSnapshot> Listener(char letter = '!') {
    return MakeListener(std::string(kAnyPort), letter);
  }
  static std::string SocketPath() { return fmt::format("/tmp/culvert_pool_test.{}", getpid()); }
};

TEST_F(WorkerPoolTest, ServesWhoWasInTheQueueWhenItBeganToDrain) {
  ASSERT_TRUE(Swap({Listener(), MakeListener("127.0.0.2:0")}).ok());
  std::vector<net::Fd> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(Connect());
  Drain(*pool_);
  for (const net::Fd& client : clients) EXPECT_EQ(ReadByte(client), '!');
  EXPECT_FALSE(idle_);
  clients.clear();
  ExpectIdle();
  EXPECT_EQ(connections_.count(), 0u);
}

TEST_F(WorkerPoolTest, EndsAtOnceWhenItIsClosedWhileItBeginsToDrain) {
  ASSERT_TRUE(Swap({Listener()}).ok());
  std::vector<net::Fd> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(Connect());
  Drain(*pool_);
  pool_->CloseAll(net::CancelReason::kShutdown);
  ExpectIdle();
  EXPECT_EQ(connections_.count(), 0u);
}

TEST_F(WorkerPoolTest, ConnectionsOfTheSameListenerObjectDoNotNotice) {
  drain_timeout_ = 1ms;
  const ListenerSnapshotPtr same = Listener();
  ASSERT_TRUE(Swap({same}).ok());
  const net::Fd client = Connect();
  ASSERT_EQ(ReadByte(client), '!');
  const auto address = pool_->BoundAddress(same->address);
  ASSERT_TRUE(Swap({same, MakeListener("127.0.0.2:0")}).ok());
  ASSERT_TRUE(Swap({same}).ok());
  EXPECT_EQ(ReadByte(client, 100ms), 0);
  EXPECT_EQ(pool_->BoundAddress(same->address), address);
}

TEST_F(WorkerPoolTest, AnotherObjectOfTheSameConfigSetsConnectionsNoEndAndAChangeDoes) {
  drain_timeout_ = 1ms;
  ASSERT_TRUE(Swap({Listener('x')}).ok());
  const net::Fd client = Connect();
  ASSERT_EQ(ReadByte(client), 'x');
  ASSERT_TRUE(Swap({Listener('x')}).ok());
  ASSERT_TRUE(Swap({Listener('x')}).ok());
  EXPECT_EQ(ReadByte(client, 100ms), 0);
  // Also for those that began two objects before.
  ASSERT_TRUE(Swap({Listener('y')}).ok());
  EXPECT_EQ(ReadByte(client), -1);
  EXPECT_EQ(ReadByte(Connect()), 'y');
}

TEST_F(WorkerPoolTest, ChangeOfWhatAListenerRefersToSetsConnectionsAnEnd) {
  drain_timeout_ = 1ms;
  ASSERT_TRUE(Swap({Listener()}).ok());
  const net::Fd client = Connect();
  ASSERT_EQ(ReadByte(client), '!');
  auto next = std::make_shared<Snapshot>();
  next->listeners = {Listener()};
  next->access_log_digest.fill(1);
  ASSERT_TRUE(pool_->Swap(snapshot_, next, nullptr).ok());
  EXPECT_EQ(ReadByte(client), -1);
}

TEST_F(WorkerPoolTest, FurtherChangesDoNotGiveAConnectionMoreTime) {
  drain_timeout_ = 300ms;
  ASSERT_TRUE(Swap({Listener()}).ok());
  const net::Fd client = Connect();
  ASSERT_EQ(ReadByte(client), '!');
  int byte = 0;
  for (int i = 0; i < 100 && byte == 0; ++i) {
    ASSERT_TRUE(Swap({Listener(static_cast<char>('a' + i % 2))}).ok());
    byte = ReadByte(client, 20ms);
  }
  EXPECT_EQ(byte, -1);
}

TEST_F(WorkerPoolTest, ManyConnectionsAreAllTold) {
  drain_timeout_ = 1ms;
  ASSERT_TRUE(Swap({Listener()}).ok());
  std::vector<net::Fd> clients;
  // More than two slices for each worker.
  for (uint32_t i = 0; i < ConnectionTable::kSlice * kWorkers * 3; ++i) {
    clients.push_back(Connect());
    ASSERT_TRUE(clients.back().valid());
    ASSERT_EQ(ReadByte(clients.back()), '!');
  }
  ASSERT_TRUE(Swap({Listener('y')}).ok());
  ExpectConnections(0);
}

TEST_F(WorkerPoolTest, ARenamedListenerKeepsItsQueue) {
  auto before = Listener();
  ASSERT_TRUE(Swap({before}).ok());
  for (int i = 0; i < 20; ++i) {
    std::vector<net::Fd> clients;
    for (int j = 0; j < 10; ++j) clients.push_back(Connect());
    auto renamed = Listener();
    renamed->name = fmt::format("a{}", i);
    renamed->backlog = 100 + i;
    ASSERT_TRUE(Swap({renamed}).ok());
    for (const net::Fd& client : clients) EXPECT_EQ(ReadByte(client), '!');
  }
}

TEST_F(WorkerPoolTest, ConnectionsOfARemovedUnixListenerGoOnAndNewOnesAreRefused) {
  const auto address = *net::SocketAddress::Parse("unix:" + SocketPath());
  ASSERT_TRUE(Swap({MakeListener("unix:" + SocketPath())}).ok());
  const net::Fd client = Connect();
  ASSERT_EQ(ReadByte(client), '!');
  ASSERT_TRUE(Swap({}).ok());
  EXPECT_FALSE(ConnectTo(address).valid());
  EXPECT_NE(access(SocketPath().c_str(), F_OK), 0);
  EXPECT_EQ(ReadByte(client, 50ms), 0);
  // And at once again.
  ASSERT_TRUE(Swap({MakeListener("unix:" + SocketPath())}).ok());
  EXPECT_EQ(ReadByte(Connect()), '!');
}

TEST_F(WorkerPoolTest, RemovesSocketFilesAtTheEnd) {
  ASSERT_TRUE(Swap({MakeListener("unix:" + SocketPath())}).ok());
  ASSERT_EQ(access(SocketPath().c_str(), F_OK), 0);
  End(pool_);
  EXPECT_NE(access(SocketPath().c_str(), F_OK), 0);
}

TEST_F(WorkerPoolTest, AddressThatCannotBeHadChangesNothing) {
  const auto taken = OpenListeningSockets(*net::SocketAddress::Parse("127.0.0.3:0"), 1, 1);
  const std::string taken_address =
      BoundAddressOf(taken->front().get(), net::SocketAddress()).ToString();
  ASSERT_TRUE(Swap({Listener('x')}).ok());
  const absl::Status status =
      Swap({Listener('y'), MakeListener("unix:" + SocketPath()), MakeListener(taken_address)});
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("listener a: cannot listen on " + taken_address),
            absl::string_view::npos)
      << status;
  EXPECT_NE(access(SocketPath().c_str(), F_OK), 0);
  EXPECT_EQ(ReadByte(Connect()), 'x');
}

TEST_F(WorkerPoolTest, WildcardTakesThePlaceOfASpecificAddressAndBack) {
  ASSERT_TRUE(Swap({Listener('x')}).ok());
  const net::SocketAddress bound = *pool_->BoundAddress(snapshot_->listeners.front()->address);
  const auto ends = {fmt::format("127.0.0.1:{}", bound.port()),
                     fmt::format("0.0.0.0:{}", bound.port()), fmt::format("[::]:{}", bound.port()),
                     fmt::format("0.0.0.0:{}", bound.port()),
                     fmt::format("127.0.0.1:{}", bound.port())};
  const net::Fd old = Connect();
  ASSERT_EQ(ReadByte(old), 'x');
  char letter = 'a';
  for (const std::string& address : ends) {
    // A client that waits in the queue meanwhile is served by one or the other.
    const net::Fd waiting = ConnectTo(bound);
    const absl::Status status = Swap({MakeListener(address, letter)});
    ASSERT_TRUE(status.ok()) << address << ": " << status;
    EXPECT_GT(ReadByte(waiting), 0);
    EXPECT_GT(ReadByte(ConnectTo(bound)), 0);
    while (ReadByte(ConnectTo(bound)) != letter) {
    }
    ++letter;
  }
  EXPECT_EQ(ReadByte(old, 50ms), 0);
}

TEST_F(WorkerPoolTest, AnAddressMayComeBackWhileItsOldSocketsAreBeingClosed) {
  ASSERT_TRUE(Swap({Listener('x')}).ok());
  const net::SocketAddress bound = *pool_->BoundAddress(snapshot_->listeners.front()->address);
  ASSERT_TRUE(Swap({}).ok());
  const absl::Status status = Swap({MakeListener(bound.ToString(), 'y')});
  ASSERT_TRUE(status.ok()) << status;
  while (ReadByte(Connect()) != 'y') {
  }
}

TEST_F(WorkerPoolTest, ReplacedListenersAreFreedBySweepingWhenTheirLastConnectionHasGone) {
  std::weak_ptr<const ListenerSnapshot> old;
  net::Fd client;
  {
    const ListenerSnapshotPtr first = Listener('x');
    old = first;
    ASSERT_TRUE(Swap({first}).ok());
    client = Connect();
    ASSERT_EQ(ReadByte(client), 'x');
    ASSERT_TRUE(Swap({Listener('y')}).ok());
    // A way back to the same object and away again is no leak.
    ASSERT_TRUE(Swap({first}).ok());
    ASSERT_TRUE(Swap({Listener('y')}).ok());
  }
  Settle(*pool_);
  pool_->SweepRetired();
  EXPECT_FALSE(old.expired());
  client.Close();
  ExpectConnections(0);
  EXPECT_FALSE(old.expired());
  EXPECT_TRUE(RunUntil([&] {
    pool_->SweepRetired();
    return old.expired();
  }));
}

TEST_F(WorkerPoolTest, TellsThePortThatTheKernelChose) {
  ASSERT_TRUE(Swap({Listener()}).ok());
  const net::SocketAddress configured = *net::SocketAddress::Parse(kAnyPort);
  EXPECT_NE(pool_->BoundAddress(configured)->port(), 0);
  EXPECT_FALSE(pool_->BoundAddress(*net::SocketAddress::Parse("127.0.0.9:0")));
}

}  // namespace
}  // namespace culvert::server
