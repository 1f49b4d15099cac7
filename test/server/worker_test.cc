#include "source/server/worker.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "source/net/stream_io.h"
#include "source/server/listening_socket.h"
#include "test/net/test_util.h"

namespace culvert::server {
namespace {

using namespace std::chrono_literals;

constexpr int kBacklog = 128;

// Greets, and then holds the connection until the client or the server has had enough.
class Holding final : public filter::StreamTerminal {
 public:
  net::Task<void> Run(net::StreamPtr downstream, filter::ConnectionContext&) const override {
    co_await net::WriteAll(*downstream, "!", kNever);
    std::array<char, 16> buffer;
    net::IoResult read = net::IoResult::Ok(1);
    while (read.ok()) read = co_await net::Read(*downstream, buffer, kNever);
  }
};

class WorkerTest : public net::LoopFixture {
 protected:
  WorkerTest() {
    for (uint32_t i = 0; i < stats_.workers(); ++i) {
      workers_.push_back(*Worker::Create(i, {}, stats_));
      workers_.back()->Start();
    }
  }
  void TearDown() override {
    if (idle_ == 0) {
      Drain();
      CloseAll();
      ExpectIdle();
    }
    for (auto& worker : workers_) worker->Stop();
  }

  // A listener of that address, with sockets if it is new.
  void Listen(const std::string& name, const net::SocketAddress& address, bool is_new = true,
              bool unchanged = false) {
    auto listener = std::make_shared<ListenerSnapshot>();
    listener->name = name;
    listener->address = address;
    listener->drain_timeout = drain_timeout_;
    listener->matcher.Add({}, "", errors_);
    listener->chains.push_back(
        {"", std::make_shared<const filter::Chain>(std::vector<filter::StreamFilterPtr>(),
                                                   std::make_shared<Holding>())});
    listener->limits = limits_;
    listener->stats = {
        &stats_.GetCounter("culvert_test_a_total", {}, "a."),
        &stats_.GetGauge("culvert_test_b", {}, "b."),
        &stats_.GetCounter("culvert_test_c_total", {}, "c."),
        &stats_.GetCounter("culvert_test_d_total", {}, "d."),
        &stats_.GetHistogram("culvert_test_e_seconds", {}, "e.", stats::LatencyBuckets())};
    std::vector<net::Fd> sockets(workers_.size());
    if (is_new) {
      sockets = *OpenListeningSockets(address, kBacklog, static_cast<uint32_t>(workers_.size()));
      sockaddr_storage bound;
      socklen_t length = sizeof bound;
      getsockname(sockets.front().get(), reinterpret_cast<sockaddr*>(&bound), &length);
      address_ = *net::SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&bound), length);
    }
    for (size_t i = 0; i < workers_.size(); ++i) {
      parts_[i].push_back({listener, std::move(sockets[i]), unchanged});
    }
  }
  void Apply() {
    for (size_t i = 0; i < workers_.size(); ++i) workers_[i]->Apply(std::exchange(parts_[i], {}));
  }

  // A client of the listener that came last.
  net::Fd Connect() {
    sockaddr_storage to;
    socklen_t length = 0;
    address_.ToSockaddr(&to, &length);
    net::Fd fd(socket(address_.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    return connect(fd.get(), reinterpret_cast<sockaddr*>(&to), length) == 0 ? std::move(fd)
                                                                            : net::Fd();
  }
  // The next byte, or -1 once the connection is closed; 0 if neither comes.
  static int ReadByte(const net::Fd& fd, std::chrono::milliseconds timeout = kGuardTime) {
    pollfd waiting{fd.get(), POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(timeout.count())) != 1) return 0;
    char byte = 0;
    return read(fd.get(), &byte, 1) == 1 ? byte : -1;
  }
  void Drain() {
    for (auto& worker : workers_) worker->Drain(loop_, [this] { ++idle_; });
  }
  void CloseAll() {
    for (auto& worker : workers_) worker->CloseAll(net::CancelReason::kShutdown);
  }
  void ExpectIdle() {
    EXPECT_TRUE(RunUntil([this] { return idle_ == workers_.size(); }));
  }

  static constexpr std::chrono::milliseconds kGuardTime = 20s;
  stats::Registry stats_{2};
  ConnectionCount connections_{0};
  std::shared_ptr<ConnectionLimits> limits_ = std::make_shared<ConnectionLimits>(connections_);
  std::vector<FieldError> errors_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::array<std::vector<WorkerListener>, 2> parts_;
  net::SocketAddress address_;
  Duration drain_timeout_ = Duration::max();
  size_t idle_ = 0;
  const net::SocketAddress any_port_ = *net::SocketAddress::Parse("127.0.0.1:0");
};

TEST_F(WorkerTest, ServesWhoWasInTheQueueWhenItBeganToDrain) {
  Listen("a", any_port_);
  Listen("b", *net::SocketAddress::Parse("127.0.0.2:0"));
  Apply();
  std::vector<net::Fd> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(Connect());
  Drain();
  for (const net::Fd& client : clients) EXPECT_EQ(ReadByte(client), '!');
  EXPECT_EQ(idle_, 0u);
  clients.clear();
  ExpectIdle();
  EXPECT_EQ(connections_.count(), 0u);
}

TEST_F(WorkerTest, EndsAtOnceWhenItIsClosedWhileItBeginsToDrain) {
  Listen("a", any_port_);
  Apply();
  std::vector<net::Fd> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(Connect());
  Drain();
  CloseAll();
  ExpectIdle();
  EXPECT_EQ(connections_.count(), 0u);
}

TEST_F(WorkerTest, ReloadThatChangesNothingLetsConnectionsGoOn) {
  drain_timeout_ = 1ms;
  Listen("a", any_port_);
  Apply();
  const net::Fd client = Connect();
  ASSERT_EQ(ReadByte(client), '!');
  Listen("a", any_port_, false, true);
  Apply();
  EXPECT_EQ(ReadByte(client, 100ms), 0);
  Listen("a", any_port_, false, false);
  Apply();
  EXPECT_EQ(ReadByte(client), -1);
}

TEST_F(WorkerTest, FurtherReloadsDoNotGiveAConnectionMoreTime) {
  drain_timeout_ = 300ms;
  Listen("a", any_port_);
  Apply();
  const net::Fd client = Connect();
  ASSERT_EQ(ReadByte(client), '!');
  int byte = 0;
  for (int i = 0; i < 100 && byte == 0; ++i) {
    Listen("a", any_port_, false, false);
    Apply();
    byte = ReadByte(client, 20ms);
  }
  EXPECT_EQ(byte, -1);
}

TEST_F(WorkerTest, ConnectionsOfARemovedUnixListenerGoOnAndNewOnesAreRefused) {
  const std::string path = fmt::format("/tmp/culvert_worker_test.{}", getpid());
  Listen("a", *net::SocketAddress::Parse("unix:" + path));
  Apply();
  const net::Fd client = Connect();
  ASSERT_EQ(ReadByte(client), '!');
  Apply();
  net::Fd late = Connect();
  for (int i = 0; i < 1000 && late.valid(); ++i) {
    // Whoever the kernel let in before the listener went was served.
    EXPECT_EQ(ReadByte(late), '!');
    late = Connect();
  }
  EXPECT_FALSE(late.valid());
  EXPECT_EQ(ReadByte(client, 50ms), 0);
  unlink(path.c_str());
}

}  // namespace
}  // namespace culvert::server
