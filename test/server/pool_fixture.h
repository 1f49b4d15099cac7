// What tests of workers share: a pool of two, snapshots made by hand whose chains hold connections,
// and clients. The test is the main thread.
#ifndef CULVERT_TEST_SERVER_POOL_FIXTURE_H_
#define CULVERT_TEST_SERVER_POOL_FIXTURE_H_

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "source/net/stream_io.h"
#include "source/server/worker_pool.h"
#include "test/net/test_util.h"

namespace culvert::server {

// Says its greeting, and then holds the connection until the client or the server has had enough.
// A client that says a name is that user from then on.
class Holding final : public filter::StreamTerminal {
 public:
  explicit Holding(std::string greeting) : greeting_(std::move(greeting)) {}

  net::Task<void> Run(net::StreamPtr downstream,
                      filter::ConnectionContext& connection) const override {
    connection.set_phase(filter::Phase::kTunnel);
    co_await net::WriteAll(*downstream, greeting_, kNever);
    std::array<char, 64> buffer;
    net::IoResult read = net::IoResult::Ok(1);
    while (read.ok()) {
      read = co_await net::Read(*downstream, buffer, kNever);
      if (!read.ok()) break;
      identity::Identity identity;
      identity.name = std::string(buffer.data(), read.bytes);
      connection.set_identity(std::move(identity));
      co_await net::WriteAll(*downstream, greeting_, kNever);
    }
  }

 private:
  const std::string greeting_;
};

class PoolFixture : public net::LoopFixture {
 protected:
  static constexpr std::chrono::milliseconds kGuardTime = std::chrono::seconds(20);
  static constexpr uint32_t kWorkers = 2;

  PoolFixture() : pool_(MakePool(kWorkers)) {}
  void TearDown() override {
    if (pool_ != nullptr) End(pool_);
  }

  std::unique_ptr<WorkerPool> MakePool(uint32_t workers) {
    return *WorkerPool::Create(workers, {}, stats_);
  }
  // Drains, closes what is left, and waits for the end.
  void End(std::unique_ptr<WorkerPool>& pool) {
    if (!drained_) Drain(*pool);
    pool->CloseAll(net::CancelReason::kShutdown);
    ExpectIdle();
    pool->Stop();
    pool = nullptr;
    drained_ = idle_ = false;
  }
  void Drain(WorkerPool& pool) {
    drained_ = true;
    pool.Drain(loop_, LateRequests::kRefused, [this] { idle_ = true; });
  }
  void ExpectIdle() {
    EXPECT_TRUE(RunUntil([this] { return idle_; }));
  }

  // A listener object whose clients are greeted with one letter; equal configs have equal letters.
  std::shared_ptr<ListenerSnapshot> MakeListener(const std::string& address, char letter = '!') {
    auto listener = std::make_shared<ListenerSnapshot>();
    listener->name = "a";
    listener->address = *net::SocketAddress::Parse(address);
    listener->needs_local_address = true;
    listener->context.name = "a";
    listener->drain_timeout = drain_timeout_;
    listener->matcher.Add({}, "", errors_);
    listener->chains.push_back(
        {"the chain",
         std::make_shared<const filter::Chain>(std::vector<filter::StreamFilterPtr>(),
                                               std::make_shared<Holding>(std::string(1, letter)))});
    listener->limits = limits_;
    listener->built_from.config.fill(static_cast<uint8_t>(letter));
    listener->stats = {
        &stats_.GetCounter("culvert_test_a_total", {}, "a."),
        &stats_.GetGauge("culvert_test_b", {}, "b."),
        &stats_.GetCounter("culvert_test_c_total", {}, "c."),
        &stats_.GetCounter("culvert_test_d_total", {}, "d."),
        &stats_.GetHistogram("culvert_test_e_seconds", {}, "e.", stats::LatencyBuckets())};
    return listener;
  }
  static SnapshotPtr MakeSnapshot(std::vector<ListenerSnapshotPtr> listeners) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->listeners = std::move(listeners);
    return snapshot;
  }
  // Puts these in place of what the pool served.
  absl::Status Swap(std::vector<ListenerSnapshotPtr> listeners,
                    InheritedSockets* inherited = nullptr) {
    SnapshotPtr next = MakeSnapshot(std::move(listeners));
    const absl::Status status = pool_->Swap(snapshot_, next, inherited);
    if (status.ok()) snapshot_ = next;
    return status;
  }

  // A client of the first listener, or of another address; invalid if it was not let in.
  net::Fd Connect() { return Connect(*pool_, snapshot_->listeners.front()->address); }
  static net::Fd Connect(const WorkerPool& pool, const net::SocketAddress& configured) {
    return ConnectTo(*pool.BoundAddress(configured));
  }
  static net::Fd ConnectTo(const net::SocketAddress& address) {
    sockaddr_storage to;
    socklen_t length = 0;
    address.ToSockaddr(&to, &length);
    net::Fd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
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
  // Whether every worker has done what it was asked to.
  void Settle(const WorkerPool& pool) {
    size_t done = 0;
    for (const auto& worker : pool.workers()) {
      worker->Kill(0, [&](uint32_t) { loop_.Post([&] { ++done; }); });
    }
    EXPECT_TRUE(RunUntil([&] { return done == pool.workers().size(); }));
  }
  // Waits for that many connections.
  void ExpectConnections(uint32_t count) {
    EXPECT_TRUE(RunUntil([&] {
      Settle(*pool_);
      return pool_->connections() == count;
    }));
  }

  stats::Registry stats_{kWorkers + 2};
  ConnectionCount connections_{0};
  std::shared_ptr<ConnectionLimits> limits_ = std::make_shared<ConnectionLimits>(connections_);
  std::vector<FieldError> errors_;
  Duration drain_timeout_ = Duration::max();
  SnapshotPtr snapshot_;
  std::unique_ptr<WorkerPool> pool_;
  bool drained_ = false;
  bool idle_ = false;
};

}  // namespace culvert::server

#endif  // CULVERT_TEST_SERVER_POOL_FIXTURE_H_
