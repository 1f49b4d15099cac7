// Both sides of a take-over in one process: the old one on the test's loop, the new one, which
// blocks, on a thread.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "source/base/status.h"
#include "source/base/version.h"
#include "source/server/take_over_message.h"
#include "source/server/take_over_offer.h"
#include "source/server/take_over_request.h"
#include "test/net/test_util.h"

namespace culvert::server {
namespace {

using namespace std::chrono_literals;

constexpr const char* kHelp = "Help.";
const std::string kPolicy("\0policy\xff", 8);

// The old process.
class FakeHost : public TakeOverOffer::Host {
 public:
  absl::StatusOr<TakeOverState> MakeOffer() override {
    ++offers;
    if (!refusal.empty()) return FailedPrecondition(refusal);
    TakeOverState state;
    state.config_version = 17;
    for (int i = 0; i < sockets; ++i)
      state.listeners.Add(address, net::Fd(dup(listener.get())), SocketOrigin::kPredecessor);
    state.admin.Add(*net::SocketAddress::Parse("unix:/run/admin.sock"),
                    net::Fd(dup(listener.get())), SocketOrigin::kServiceManager);
    tls::TicketKeyStore::Exported keys;
    keys.owner = {"https", kPolicy, 1h};
    keys.state.age = 5min;
    keys.state.keys.resize(2);
    keys.state.keys[0].name.fill(1);
    keys.state.keys[1].mac_key.fill(2);
    keys.state.keys[1].cipher_key.fill(3);
    state.ticket_keys.push_back(std::move(keys));
    return state;
  }
  void Release(const std::vector<net::SocketAddress>& addresses, pid_t pid) override {
    released = addresses;
    successor = pid;
  }
  void Abandoned(std::string_view why) override { abandoned.emplace_back(why); }

  net::SocketAddress address;
  net::Fd listener;
  int sockets = 3;
  std::string refusal;
  int offers = 0;
  std::optional<std::vector<net::SocketAddress>> released;
  pid_t successor = 0;
  std::vector<std::string> abandoned;
};

class TakeOverTest : public net::LoopFixture {
 protected:
  TakeOverTest() {
    std::string name = "/tmp/culvert_test_XXXXXX";
    folder_ = mkdtemp(name.data());
    options_.state_directory = folder_;
    options_.counter_interval = 10ms;
    host_.listener = net::Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(host_.listener.get(), generic, length), 0);
    EXPECT_EQ(listen(host_.listener.get(), 16), 0);
    EXPECT_EQ(getsockname(host_.listener.get(), generic, &length), 0);
    host_.address = *net::SocketAddress::FromSockaddr(generic, length);
  }
  ~TakeOverTest() override {
    scope_.Cancel(net::CancelReason::kShutdown);
    loop_.RunOnce(Clock::now());
    offer_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Listen() {
    auto offer = TakeOverOffer::Listen(options_, old_stats_, host_, scope_);
    ASSERT_TRUE(offer.ok()) << Message(offer.status());
    offer_ = *std::move(offer);
  }

  // Runs the old process's loop while `successor` runs beside it.
  void Beside(const std::function<void()>& successor) {
    std::atomic<bool> done = false;
    std::thread thread([&] {
      successor();
      done = true;
    });
    RunUntil([&] { return done.load(); });
    thread.join();
  }

  std::unique_ptr<TakeOverRequest> Begin() {
    auto request = TakeOverRequest::Begin(folder_, Clock::now() + 10s);
    if (!request.ok()) error_ = Message(request.status());
    return request.ok() ? *std::move(request) : nullptr;
  }

  // A successor that does all of it well.
  std::unique_ptr<TakeOverRequest> TakeOver() {
    std::unique_ptr<TakeOverRequest> request;
    Beside([&] {
      request = Begin();
      ASSERT_NE(request, nullptr) << error_;
      sockets_ = request->state().listeners.Take(host_.address);
      const absl::Status committed =
          request->Commit(std::array{host_.address}, new_stats_, Clock::now());
      ASSERT_TRUE(committed.ok()) << Message(committed);
    });
    RunUntil([&] { return offer_->released(); });
    return request;
  }

  // A peer that sends what it likes.
  FdChannel Stranger() {
    net::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage storage;
    socklen_t length = 0;
    net::SocketAddress::Parse("unix:" + TakeOverPath(folder_))->ToSockaddr(&storage, &length);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
    fcntl(fd.get(), F_SETFL, O_NONBLOCK);
    return FdChannel(std::move(fd), kLimitsOfOffer);
  }

  static ChannelMessage Hello(uint32_t protocol = kTakeOverProtocol) {
    take_over::Message message;
    message.mutable_hello()->set_protocol(protocol);
    return ToChannel(message);
  }

  bool SocketFileExists() const { return std::filesystem::exists(TakeOverPath(folder_)); }

  std::string folder_;
  TakeOverOffer::Options options_;
  FakeHost host_;
  stats::Registry old_stats_{2};
  stats::Registry new_stats_{1};
  std::unique_ptr<TakeOverOffer> offer_;
  InheritedSockets::Entry sockets_;
  std::string error_;
};

TEST_F(TakeOverTest, TheSuccessorGetsSocketsAndState) {
  Listen();
  Beside([&] {
    const auto request = Begin();
    ASSERT_NE(request, nullptr) << error_;
    TakeOverState& state = request->state();
    EXPECT_EQ(state.pid, getpid());
    EXPECT_EQ(state.program_version, kVersion);
    EXPECT_EQ(state.config_version, 17);
    EXPECT_EQ(state.listeners.addresses(), std::vector{host_.address});
    const InheritedSockets::Entry listeners = state.listeners.Take(host_.address);
    EXPECT_EQ(listeners.descriptors.size(), 3);
    EXPECT_EQ(listeners.origin, SocketOrigin::kPredecessor);
    const InheritedSockets::Entry admin =
        state.admin.Take(*net::SocketAddress::Parse("unix:/run/admin.sock"));
    EXPECT_EQ(admin.descriptors.size(), 1);
    EXPECT_EQ(admin.origin, SocketOrigin::kServiceManager);
    ASSERT_EQ(state.ticket_keys.size(), 1);
    const tls::TicketKeyStore::Exported& keys = state.ticket_keys[0];
    EXPECT_EQ(keys.owner.listener, "https");
    EXPECT_EQ(keys.owner.policy, kPolicy);
    EXPECT_EQ(keys.owner.rotation_interval, 1h);
    EXPECT_EQ(keys.state.age, 5min);
    ASSERT_EQ(keys.state.keys.size(), 2);
    EXPECT_EQ(keys.state.keys[0].name[15], 1);
    EXPECT_EQ(keys.state.keys[1].mac_key[31], 2);
    EXPECT_EQ(keys.state.keys[1].cipher_key[31], 3);
  });
}

TEST_F(TakeOverTest, ConnectionsOfTheQueueReachTheSuccessor) {
  Listen();
  sockaddr_storage storage;
  socklen_t length = 0;
  host_.address.ToSockaddr(&storage, &length);
  const net::Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
  const auto request = TakeOver();
  host_.listener.Close();
  ASSERT_FALSE(sockets_.descriptors.empty());
  const net::Fd accepted(accept4(sockets_.descriptors[0].get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(accepted.valid());
  ASSERT_EQ(write(accepted.get(), "hello", 5), 5);
  std::array<char, 5> buffer;
  EXPECT_EQ(recv(client.get(), buffer.data(), buffer.size(), MSG_WAITALL), 5);
}

TEST_F(TakeOverTest, TheOldProcessLetsGoOnceAndIsNotAskedAgain) {
  Listen();
  const auto request = TakeOver();
  EXPECT_EQ(host_.released, std::vector{host_.address});
  EXPECT_EQ(host_.successor, getpid());
  EXPECT_EQ(host_.offers, 1);
  EXPECT_TRUE(host_.abandoned.empty());
  Beside([&] { EXPECT_EQ(Begin(), nullptr); });
  EXPECT_NE(error_.find("no process to take over from"), std::string::npos) << error_;
}

TEST_F(TakeOverTest, SocketsThatTheSuccessorDoesNotWantAreClosedBeforeTheOldOneHears) {
  Listen();
  std::unique_ptr<TakeOverRequest> request;
  Beside([&] {
    request = Begin();
    ASSERT_NE(request, nullptr);
    ASSERT_TRUE(request->Commit({}, new_stats_, Clock::now()).ok());
    EXPECT_TRUE(request->state().listeners.empty());
    EXPECT_TRUE(request->state().admin.empty());
  });
  RunUntil([&] { return offer_->released(); });
  EXPECT_TRUE(host_.released->empty());
}

TEST_F(TakeOverTest, CountersAreThereBeforeTheSuccessorServes) {
  stats::Counter& counter = old_stats_.GetCounter("culvert_a_b_total", {{"x", "1"}}, kHelp);
  stats::Histogram& histogram =
      old_stats_.GetHistogram("culvert_a_b_seconds", {}, kHelp, stats::LatencyBuckets());
  old_stats_.GetGauge("culvert_a_b", {}, kHelp).AddShared(7);
  counter.AddShared(40);
  histogram.ObserveShared(0.5);
  new_stats_.GetCounter("culvert_a_b_total", {{"x", "1"}}, kHelp).AddShared(2);
  Listen();
  const auto request = TakeOver();
  EXPECT_EQ(new_stats_.GetCounter("culvert_a_b_total", {{"x", "1"}}, kHelp).Value(), 42);
  const stats::Histogram& sum =
      new_stats_.GetHistogram("culvert_a_b_seconds", {}, kHelp, stats::LatencyBuckets());
  EXPECT_EQ(sum.Value().Count(), 1);
  EXPECT_EQ(new_stats_.GetGauge("culvert_a_b", {}, kHelp).Value(), 0);
}

TEST_F(TakeOverTest, CountersGoOnUntilTheOldProcessHasEnded) {
  stats::Counter& counter = old_stats_.GetCounter("culvert_a_b_total", {}, kHelp);
  counter.AddShared(1);
  Listen();
  const auto request = TakeOver();
  const stats::Counter& sum = new_stats_.GetCounter("culvert_a_b_total", {}, kHelp);
  bool gone = false;
  net::Scope scope(loop_);
  request->Follow(scope, [&] { gone = true; });
  counter.AddShared(10);
  RunUntil([&] { return sum.Value() == 11; });
  counter.AddShared(100);
  RunUntil([&] { return sum.Value() == 111; });
  EXPECT_FALSE(request->predecessor_gone());

  // The end of the old process.
  scope_.Cancel(net::CancelReason::kShutdown);
  loop_.RunOnce(Clock::now());
  counter.AddShared(1000);
  offer_->Finish(Clock::now() + 5s);
  offer_.reset();
  RunUntil([&] { return gone; });
  EXPECT_EQ(sum.Value(), 1111);
  EXPECT_TRUE(request->predecessor_gone());
}

TEST_F(TakeOverTest, ManyCountersArriveInPieces) {
  constexpr int kSeries = 30'000;
  const std::string filler(100, 'x');
  for (int i = 0; i < kSeries; ++i) {
    old_stats_.GetCounter("culvert_a_b_total", {{"x", fmt::format("{}{}", filler, i)}}, kHelp)
        .AddShared(i + 1);
  }
  Listen();
  const auto request = TakeOver();
  const stats::Snapshot snapshot = new_stats_.Read();
  ASSERT_EQ(snapshot.size(), 1);
  ASSERT_EQ(snapshot[0].samples.size(), kSeries);
  uint64_t sum = 0;
  for (const stats::Sample& sample : snapshot[0].samples) sum += std::get<uint64_t>(sample.value);
  EXPECT_EQ(sum, uint64_t{kSeries} * (kSeries + 1) / 2);
}

TEST_F(TakeOverTest, OneAfterAnotherKeepsTheSums) {
  old_stats_.GetCounter("culvert_a_b_total", {}, kHelp).AddShared(5);
  Listen();
  auto first = TakeOver();
  bool gone = false;
  first->Follow(scope_, [&] { gone = true; });
  // The second process, which may be replaced before the first has ended.
  FakeHost second_host;
  second_host.listener = net::Fd(dup(host_.listener.get()));
  second_host.address = host_.address;
  TakeOverOffer::Options options = options_;
  options.replaces = true;
  auto second = TakeOverOffer::Listen(options, new_stats_, second_host, scope_);
  ASSERT_TRUE(second.ok()) << Message(second.status());
  stats::Registry third_stats(1);
  std::unique_ptr<TakeOverRequest> third;
  Beside([&] {
    third = Begin();
    ASSERT_NE(third, nullptr) << error_;
    ASSERT_TRUE(third->Commit(std::array{host_.address}, third_stats, Clock::now()).ok());
  });
  third->Follow(scope_, [] {});
  old_stats_.GetCounter("culvert_a_b_total", {}, kHelp).AddShared(1);
  new_stats_.GetCounter("culvert_a_b_total", {}, kHelp).AddShared(1);
  const stats::Counter& sum = third_stats.GetCounter("culvert_a_b_total", {}, kHelp);
  RunUntil([&] { return sum.Value() == 7; });
  EXPECT_FALSE(gone);
  Unwind();
  loop_.RunOnce(Clock::now());
  EXPECT_TRUE(gone);
}

TEST_F(TakeOverTest, ASuccessorThatGivesUpSaysWhyAndAnotherMayCome) {
  Listen();
  Beside([&] {
    const auto request = Begin();
    ASSERT_NE(request, nullptr);
    request->GiveUp("proxy.yaml:3:1: no such cluster");
  });
  RunUntil([&] { return !host_.abandoned.empty(); });
  EXPECT_EQ(host_.abandoned, std::vector<std::string>{"proxy.yaml:3:1: no such cluster"});
  EXPECT_FALSE(host_.released.has_value());
  const auto request = TakeOver();
  EXPECT_EQ(host_.offers, 2);
  EXPECT_TRUE(host_.released.has_value());
}

TEST_F(TakeOverTest, AfterTheOldOneHasLetGoItIsTooLateToGiveUp) {
  stats::Counter& counter = old_stats_.GetCounter("culvert_a_b_total", {}, kHelp);
  Listen();
  const auto request = TakeOver();
  request->Follow(scope_, [] {});
  request->GiveUp("its admin socket cannot be opened");
  EXPECT_FALSE(request->predecessor_gone());
  counter.AddShared(1);
  RunUntil([&] { return new_stats_.GetCounter("culvert_a_b_total", {}, kHelp).Value() == 1; });
  Unwind();
  loop_.RunOnce(Clock::now());
}

TEST_F(TakeOverTest, ASuccessorThatCrashesLeavesEverythingAsItWas) {
  old_stats_.GetCounter("culvert_a_b_total", {}, kHelp).AddShared(5);
  Listen();
  const int before = net::CountOpenFds();
  for (int i = 0; i < 5; ++i) {
    Beside([&] { ASSERT_NE(Begin(), nullptr); });
    RunUntil([&] { return host_.abandoned.size() == i + 1; });
  }
  EXPECT_EQ(host_.abandoned.back(), "it closed the connection");
  EXPECT_EQ(net::CountOpenFds(), before);
  const auto request = TakeOver();
  EXPECT_EQ(new_stats_.GetCounter("culvert_a_b_total", {}, kHelp).Value(), 5);
}

TEST_F(TakeOverTest, ASuccessorThatCrashesAfterItWasReadyButBeforeItHeardLeavesTheOldOneServing) {
  // More counters than the socket holds, so that the old process is still writing.
  for (int i = 0; i < 20'000; ++i) {
    old_stats_
        .GetCounter("culvert_a_b_total", {{"x", std::string(80, 'x') + std::to_string(i)}}, kHelp)
        .AddShared();
  }
  Listen();
  {
    FdChannel peer = Stranger();
    Beside([&] {
      ASSERT_TRUE(peer.Send(Hello(), Clock::now() + 5s).ok());
      ASSERT_TRUE(peer.Receive(Clock::now() + 5s).result.ok());
      ASSERT_TRUE(peer.Send(ReadyMessage({}), Clock::now() + 5s).ok());
      ASSERT_TRUE(peer.Receive(Clock::now() + 5s).result.ok());
    });
  }
  RunUntil([&] { return !host_.abandoned.empty(); });
  EXPECT_FALSE(host_.released.has_value());
  const auto request = TakeOver();
  EXPECT_EQ(new_stats_.Read().at(0).samples.size(), 20'000);
}

TEST_F(TakeOverTest, ASuccessorThatHangsIsGivenUp) {
  options_.ready_timeout = 30ms;
  Listen();
  std::unique_ptr<TakeOverRequest> request;
  Beside([&] { request = Begin(); });
  ASSERT_NE(request, nullptr);
  RunUntil([&] { return !host_.abandoned.empty(); });
  EXPECT_EQ(host_.abandoned.back(), "it did not answer in time");
  Beside([&] { EXPECT_FALSE(request->Commit({}, new_stats_, Clock::now()).ok()); });
  EXPECT_FALSE(host_.released.has_value());
}

TEST_F(TakeOverTest, ASuccessorThatStopsReadingIsGivenUp) {
  for (int i = 0; i < 20'000; ++i) {
    old_stats_
        .GetCounter("culvert_a_b_total", {{"x", std::string(80, 'x') + std::to_string(i)}}, kHelp)
        .AddShared();
  }
  options_.send_timeout = 30ms;
  Listen();
  FdChannel peer = Stranger();
  Beside([&] {
    ASSERT_TRUE(peer.Send(Hello(), Clock::now() + 5s).ok());
    ASSERT_TRUE(peer.Receive(Clock::now() + 5s).result.ok());
    ASSERT_TRUE(peer.Send(ReadyMessage({}), Clock::now() + 5s).ok());
  });
  RunUntil([&] { return !host_.abandoned.empty(); });
  EXPECT_FALSE(host_.released.has_value());
}

TEST_F(TakeOverTest, APeerThatSaysNothingCostsTheNextOnlyALittleTime) {
  options_.hello_timeout = 300ms;
  Listen();
  const FdChannel silent = Stranger();
  const auto request = TakeOver();
  EXPECT_EQ(host_.offers, 1);
}

TEST_F(TakeOverTest, NonsenseIsNoOffersWorth) {
  Listen();
  const int before = net::CountOpenFds();
  ChannelMessage with_descriptors = Hello();
  with_descriptors.descriptors.emplace_back(dup(0));
  std::vector<ChannelMessage> nonsense;
  nonsense.push_back({"\xff\xff", {}});
  nonsense.push_back({"", {}});
  nonsense.push_back({std::string(2 << 20, 'x'), {}});
  nonsense.push_back(ReadyMessage({}));
  nonsense.push_back(std::move(with_descriptors));
  for (ChannelMessage& message : nonsense) {
    FdChannel peer = Stranger();
    Beside([&] {
      peer.Send(std::move(message), Clock::now() + 5s);
      EXPECT_FALSE(peer.Receive(Clock::now() + 5s).result.ok());
    });
  }
  EXPECT_EQ(host_.offers, 0);
  EXPECT_TRUE(host_.abandoned.empty());
  EXPECT_EQ(net::CountOpenFds(), before);
}

TEST_F(TakeOverTest, NonsenseAfterTheOfferIsAFailedAttempt) {
  Listen();
  take_over::Message bad_address;
  bad_address.mutable_ready()->add_taken("nowhere");
  for (const ChannelMessage& message : {Hello(), ToChannel(bad_address)}) {
    FdChannel peer = Stranger();
    Beside([&] {
      ASSERT_TRUE(peer.Send(Hello(), Clock::now() + 5s).ok());
      ASSERT_TRUE(peer.Receive(Clock::now() + 5s).result.ok());
      ASSERT_TRUE(peer.Send({message.payload, {}}, Clock::now() + 5s).ok());
      EXPECT_FALSE(peer.Receive(Clock::now() + 5s).result.ok());
    });
  }
  EXPECT_EQ(host_.abandoned.size(), 2);
  EXPECT_FALSE(host_.released.has_value());
}

TEST_F(TakeOverTest, AnotherProtocolIsRefusedWithTheReason) {
  Listen();
  FdChannel peer = Stranger();
  Beside([&] {
    ASSERT_TRUE(peer.Send(Hello(99), Clock::now() + 5s).ok());
    FdChannel::Received received = peer.Receive(Clock::now() + 5s);
    ASSERT_TRUE(received.result.ok());
    EXPECT_NE(ParseMessage(received.message.payload).refused().reason().find("version 99"),
              std::string::npos);
  });
  EXPECT_EQ(host_.offers, 0);
}

TEST_F(TakeOverTest, AnOldProcessThatCannotHandOverSaysWhy) {
  host_.refusal = "the process is draining";
  Listen();
  Beside([&] { EXPECT_EQ(Begin(), nullptr); });
  EXPECT_NE(error_.find("the process is draining"), std::string::npos) << error_;
  EXPECT_TRUE(host_.abandoned.empty());
}

TEST_F(TakeOverTest, AnotherUserMayNot) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  Listen();
  // Even where the file system would let it.
  chmod(folder_.c_str(), 0755);
  chmod(TakeOverPath(folder_).c_str(), 0666);
  const pid_t child = fork();
  if (child == 0) {
    if (setuid(65534) != 0) _exit(2);
    FdChannel peer = Stranger();
    peer.Send(Hello(), Clock::now() + 5s);
    _exit(peer.Receive(Clock::now() + 5s).result.ok() ? 1 : 0);
  }
  int status = -1;
  RunUntil([&] { return waitpid(child, &status, WNOHANG) == child; });
  if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "no other user exists here, as in a sandbox";
  EXPECT_EQ(status, 0);
  EXPECT_EQ(host_.offers, 0);
}

TEST_F(TakeOverTest, TheSocketIsTheOwnersAlone) {
  Listen();
  struct stat info;
  ASSERT_EQ(stat(TakeOverPath(folder_).c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777, 0600);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(TakeOverTest, TwoProcessesDoNotShareAStateDirectory) {
  Listen();
  const auto second = TakeOverOffer::Listen(options_, old_stats_, host_, scope_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(Message(second.status()).find("--take-over"), std::string::npos);
  EXPECT_TRUE(SocketFileExists());
}

TEST_F(TakeOverTest, ASocketThatACrashLeftBehindIsNotInTheWay) {
  Listen();
  std::filesystem::create_hard_link(TakeOverPath(folder_), folder_ + "/copy");
  offer_->Stop();
  loop_.RunOnce(Clock::now());
  offer_.reset();
  EXPECT_FALSE(SocketFileExists());
  std::filesystem::rename(folder_ + "/copy", TakeOverPath(folder_));
  Beside([&] { EXPECT_EQ(Begin(), nullptr); });
  EXPECT_NE(error_.find("no process to take over from"), std::string::npos) << error_;
  Listen();
  EXPECT_NE(TakeOver(), nullptr);
}

TEST_F(TakeOverTest, AnOldProcessDoesNotRemoveTheSocketOfItsSuccessor) {
  Listen();
  const auto request = TakeOver();
  FakeHost second_host;
  TakeOverOffer::Options options = options_;
  options.replaces = true;
  net::Scope scope(loop_);
  auto second = TakeOverOffer::Listen(options, new_stats_, second_host, scope);
  ASSERT_TRUE(second.ok());
  scope_.Cancel(net::CancelReason::kShutdown);
  loop_.RunOnce(Clock::now());
  offer_.reset();
  EXPECT_TRUE(SocketFileExists());
  (*second)->Stop();
  loop_.RunOnce(Clock::now());
  EXPECT_FALSE(SocketFileExists());
}

TEST_F(TakeOverTest, AStopDuringAnAttemptAbandonsIt) {
  Listen();
  std::unique_ptr<TakeOverRequest> request;
  Beside([&] { request = Begin(); });
  ASSERT_NE(request, nullptr);
  offer_->Stop();
  RunUntil([&] { return !host_.abandoned.empty(); });
  EXPECT_EQ(host_.abandoned.back(), "this process ends");
  EXPECT_FALSE(host_.released.has_value());
  Beside([&] { EXPECT_FALSE(request->Commit({}, new_stats_, Clock::now()).ok()); });
}

TEST_F(TakeOverTest, ASuccessorThatDiesLaterDoesNotHoldTheOldOneUp) {
  Listen();
  auto request = TakeOver();
  request.reset();
  CountRounds(50ms);
  offer_->Stop();
  scope_.Cancel(net::CancelReason::kShutdown);
  loop_.RunOnce(Clock::now());
  offer_->Finish(Clock::now() + 5s);
}

}  // namespace
}  // namespace culvert::server
