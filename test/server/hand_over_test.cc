// Sockets that come from and go to other processes. Two pools stand for two processes.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/server/pool_fixture.h"

namespace culvert::server {
namespace {

using namespace std::chrono_literals;

class HandOverTest : public PoolFixture {
 protected:
  static std::string SocketPath() { return fmt::format("/tmp/culvert_hand_over.{}", getpid()); }

  // Opens the sockets of a pool that goes on with what the fixture's serves.
  std::unique_ptr<WorkerPool> MakeSuccessor(uint32_t workers, SnapshotPtr snapshot) {
    auto successor = MakePool(workers);
    InheritedSockets sockets = *pool_->Sockets();
    EXPECT_TRUE(successor->Swap(nullptr, snapshot, &sockets).ok());
    return successor;
  }
  // The fixture's pool gives up what the successor has taken, and ends.
  void Replace(std::unique_ptr<WorkerPool> successor) {
    successor->Start();
    pool_->HandOver(successor->taken_over());
    Drain(*pool_);
    End(pool_);
    pool_ = std::move(successor);
  }
};

TEST_F(HandOverTest, SuccessorsOfAnyNumberOfWorkersServeWhoWaitsInTheQueue) {
  pool_->Start();
  const std::string path = "unix:" + SocketPath();
  ASSERT_TRUE(Swap({MakeListener("127.0.0.1:0", 'a'), MakeListener(path, 'a')}).ok());
  const net::SocketAddress tcp = snapshot_->listeners[0]->address;
  const net::SocketAddress bound = *pool_->BoundAddress(tcp);
  const net::SocketAddress unix_address = snapshot_->listeners[1]->address;
  char letter = 'b';
  for (const uint32_t workers : {1, 4, 2, 2}) {
    const SnapshotPtr next =
        MakeSnapshot({MakeListener("127.0.0.1:0", letter), MakeListener(path, letter)});
    auto successor = MakeSuccessor(workers, next);
    EXPECT_EQ(successor->taken_over(), (std::vector{unix_address, tcp}));
    EXPECT_EQ(successor->BoundAddress(tcp), bound);
    // The old one has accepted these, or the new one will.
    std::vector<net::Fd> clients;
    for (int i = 0; i < 40; ++i) {
      clients.push_back(ConnectTo(bound));
      clients.push_back(ConnectTo(unix_address));
    }
    Replace(std::move(successor));
    for (const net::Fd& client : clients) {
      // Served by one of them; those of the old one were closed when it had to end.
      EXPECT_NE(ReadByte(client), 0);
    }
    EXPECT_EQ(ReadByte(ConnectTo(bound)), letter);
    EXPECT_EQ(ReadByte(ConnectTo(unix_address)), letter);
    ++letter;
  }
  End(pool_);
  EXPECT_NE(access(SocketPath().c_str(), F_OK), 0);
}

TEST_F(HandOverTest, QueueIsLeftAsItIs) {
  // The old pool's workers do not run: all clients are in the queues.
  ASSERT_TRUE(Swap({MakeListener("127.0.0.1:0", 'a')}).ok());
  const net::SocketAddress address = snapshot_->listeners[0]->address;
  auto successor = MakeSuccessor(4, MakeSnapshot({MakeListener("127.0.0.1:0", 'b')}));
  std::vector<net::Fd> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(Connect(*pool_, address));
  pool_->HandOver(successor->taken_over());
  pool_->Start();
  successor->Start();
  for (const net::Fd& client : clients) {
    const int byte = ReadByte(client);
    EXPECT_TRUE(byte == 'a' || byte == 'b') << byte;
  }
  Drain(*pool_);
  End(pool_);
  pool_ = std::move(successor);
}

TEST_F(HandOverTest, SuccessorThatFailsLeavesNoTrace) {
  pool_->Start();
  const std::string path = "unix:" + SocketPath();
  ASSERT_TRUE(Swap({MakeListener("127.0.0.1:0", 'a'), MakeListener(path, 'a')}).ok());
  for (int round = 0; round < 3; ++round) {
    // Also sockets for workers that the old process does not have.
    auto successor =
        MakeSuccessor(4, MakeSnapshot({MakeListener("127.0.0.1:0", 'b'), MakeListener(path, 'b')}));
    for (int i = 0; i < 30; ++i) EXPECT_EQ(ReadByte(Connect()), 'a');
    successor->Stop();
    successor = nullptr;
    EXPECT_EQ(ReadByte(Connect()), 'a');
    EXPECT_EQ(ReadByte(ConnectTo(snapshot_->listeners[1]->address)), 'a');
  }
}

TEST_F(HandOverTest, AddressesThatTheSuccessorDoesNotWantAreClosed) {
  pool_->Start();
  ASSERT_TRUE(Swap({MakeListener("127.0.0.1:0", 'a'), MakeListener("127.0.0.2:0", 'a')}).ok());
  const net::SocketAddress gone = *pool_->BoundAddress(snapshot_->listeners[1]->address);
  const net::Fd waiting = ConnectTo(gone);
  auto successor = MakeSuccessor(2, MakeSnapshot({MakeListener("127.0.0.1:0", 'b')}));
  EXPECT_EQ(successor->taken_over(), std::vector{snapshot_->listeners[0]->address});
  EXPECT_EQ(ReadByte(waiting), 'a');
  Replace(std::move(successor));
  EXPECT_FALSE(ConnectTo(gone).valid());
  EXPECT_EQ(ReadByte(Connect()), 'b');
}

TEST_F(HandOverTest, AddressMayGrowWhileItIsHandedOver) {
  pool_->Start();
  ASSERT_TRUE(Swap({MakeListener("127.0.0.1:0", 'a')}).ok());
  const net::SocketAddress bound = *pool_->BoundAddress(snapshot_->listeners[0]->address);
  auto successor =
      MakeSuccessor(2, MakeSnapshot({MakeListener(fmt::format("[::]:{}", bound.port()), 'b')}));
  EXPECT_TRUE(successor->taken_over().empty());
  EXPECT_EQ(ReadByte(ConnectTo(bound)), 'a');
  Replace(std::move(successor));
  EXPECT_EQ(ReadByte(ConnectTo(bound)), 'b');
}

class ServiceManagerTest : public HandOverTest {
 protected:
  // What the manager keeps.
  net::Fd Listen(const std::string& address) {
    net::Fd fd =
        std::move(OpenListeningSockets(*net::SocketAddress::Parse(address), 100, 1)->front());
    // As managers open them.
    fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
    return fd;
  }
  static InheritedSockets Pass(const net::Fd& kept) {
    InheritedSockets passed;
    passed.Add(BoundAddressOf(kept.get(), {}), net::Fd(dup(kept.get())),
               SocketOrigin::kServiceManager);
    return passed;
  }
};

TEST_F(ServiceManagerTest, OneSocketServesEveryWorkerAndIsLeftAsItWas) {
  for (const std::string& address : {std::string("127.0.0.1:0"), "unix:" + SocketPath()}) {
    const net::Fd kept = Listen(address);
    const net::SocketAddress bound = BoundAddressOf(kept.get(), {});
    for (const char letter : {'a', 'b'}) {
      if (pool_ == nullptr) pool_ = MakePool(kWorkers);
      pool_->Start();
      InheritedSockets passed = Pass(kept);
      snapshot_ = nullptr;
      ASSERT_TRUE(Swap({MakeListener(bound.ToString(), letter)}, &passed).ok());
      EXPECT_TRUE(passed.empty());
      for (int i = 0; i < 20; ++i) EXPECT_EQ(ReadByte(ConnectTo(bound)), letter);
      End(pool_);
      // Whoever comes now waits for the next process.
      EXPECT_TRUE(ConnectTo(bound).valid());
    }
    if (bound.is_unix()) {
      EXPECT_EQ(unlink(SocketPath().c_str()), 0);
    }
  }
}

TEST_F(ServiceManagerTest, SocketThatNobodyNeedsIsKeptForLater) {
  const net::Fd kept = Listen("127.0.0.1:0");
  const net::SocketAddress bound = BoundAddressOf(kept.get(), {});
  pool_->Start();
  InheritedSockets passed = Pass(kept);
  ASSERT_TRUE(Swap({MakeListener("127.0.0.2:0", 'a')}, &passed).ok());
  EXPECT_TRUE(passed.empty());
  for (const char letter : {'b', 'c'}) {
    ASSERT_TRUE(Swap({MakeListener(bound.ToString(), letter)}).ok());
    while (ReadByte(ConnectTo(bound)) != letter) {
    }
    ASSERT_TRUE(Swap({}).ok());
  }
  // A successor gets it as well.
  EXPECT_EQ(pool_->Sockets()->entries().at(bound).origin, SocketOrigin::kServiceManager);
}

TEST_F(ServiceManagerTest, WhatIsNoStreamSocketIsRefused) {
  InheritedSockets passed;
  const net::SocketAddress address = *net::SocketAddress::Parse("127.0.0.1:7");
  passed.Add(address, net::Fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
             SocketOrigin::kServiceManager);
  pool_->Start();
  const absl::Status status = Swap({MakeListener("127.0.0.1:7")}, &passed);
  EXPECT_NE(status.message().find("no stream socket"), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace culvert::server
