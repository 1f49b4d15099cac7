#include "source/server/admin_listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "source/base/status.h"
#include "test/net/test_util.h"

namespace culvert::server {
namespace {

using filter::AdminCaller;
using filter::AdminRole;
using net::SocketAddress;

constexpr mode_t kPermissions = 07777;

class FakeGate final : public filter::AdminGate {
 public:
  bool Adopt(net::Fd socket, AdminCaller caller) override {
    if (full) return false;
    adopted.emplace_back(std::move(socket), std::move(caller));
    return true;
  }

  bool full = false;
  std::vector<std::pair<net::Fd, AdminCaller>> adopted;
};

// A client that has connected, or is not valid: see errno.
net::Fd Connect(const SocketAddress& address) {
  sockaddr_storage storage;
  socklen_t length = 0;
  address.ToSockaddr(&storage, &length);
  net::Fd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0) return net::Fd();
  return fd;
}

// Whether the other side has closed.
bool IsClosed(const net::Fd& fd) {
  char byte;
  const ssize_t count = recv(fd.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return count == 0 || (count < 0 && errno == ECONNRESET);
}

class AdminListenerTest : public net::LoopFixture {
 protected:
  AdminListenerTest() {
    // Short: the path of a socket has 107 bytes at most.
    std::string name = (std::filesystem::temp_directory_path() / "admin_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~AdminListenerTest() override {
    listener_.reset();
    loop_.RunOnce(Clock::now());
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string path() const { return folder_ + "/admin.sock"; }
  SocketAddress UnixAddress() const { return *SocketAddress::Parse("unix:" + path()); }
  static SocketAddress TcpAddress() { return *SocketAddress::Parse("127.0.0.1:0"); }

  std::unique_ptr<AdminListener> Open(const SocketAddress& address) {
    auto opened = AdminListener::Open(address, scope_, gate_);
    EXPECT_TRUE(opened.ok()) << Message(opened.status());
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  void Start(const SocketAddress& address) {
    listener_ = Open(address);
    ASSERT_NE(listener_, nullptr);
    listener_->Start();
  }
  // Another process: it has a descriptor of its own.
  std::unique_ptr<AdminListener> Inherit(AdminListener& from, filter::AdminGate& gate,
                                         SocketOrigin origin = SocketOrigin::kPredecessor) {
    auto inherited =
        AdminListener::Inherit(from.address(), *from.Duplicate(), origin, scope_, gate);
    EXPECT_TRUE(inherited.ok()) << Message(inherited.status());
    return inherited.ok() ? *std::move(inherited) : nullptr;
  }
  // Lets what is ready run.
  void RunRounds() {
    for (int i = 0; i < 5; ++i) loop_.RunOnce(Clock::now());
  }

  mode_t Mode() const {
    struct stat info;
    EXPECT_EQ(lstat(path().c_str(), &info), 0);
    return info.st_mode & kPermissions;
  }

  std::string folder_;
  FakeGate gate_;
  std::unique_ptr<AdminListener> listener_;
};

TEST_F(AdminListenerTest, GivesWhoConnectsToTheGate) {
  Start(UnixAddress());
  const net::Fd client = Connect(UnixAddress());
  ASSERT_TRUE(RunUntil([&] { return gate_.adopted.size() == 1; }));
  const auto& [fd, caller] = gate_.adopted[0];
  EXPECT_EQ(caller.name, fmt::format("uid {}", getuid()));
  EXPECT_EQ(caller.role, AdminRole::kReadWrite);
  EXPECT_NE(fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
  ASSERT_EQ(write(client.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(read(fd.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST_F(AdminListenerTest, FileIsForItsOwnerAlone) {
  const mode_t before = umask(0);
  listener_ = Open(UnixAddress());
  umask(before);
  EXPECT_EQ(Mode(), 0600);
}

TEST_F(AdminListenerTest, WhoConnectsBeforeTheStartWaitsForIt) {
  listener_ = Open(UnixAddress());
  const net::Fd client = Connect(UnixAddress());
  ASSERT_TRUE(client.valid());
  RunRounds();
  EXPECT_TRUE(gate_.adopted.empty());
  listener_->Start();
  EXPECT_TRUE(RunUntil([&] { return gate_.adopted.size() == 1; }));
}

TEST_F(AdminListenerTest, TakesAllWhoWaitAndThoseWhoComeLater) {
  Start(UnixAddress());
  std::vector<net::Fd> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(Connect(UnixAddress()));
  EXPECT_TRUE(RunUntil([&] { return gate_.adopted.size() == 40; }));
  clients.push_back(Connect(UnixAddress()));
  EXPECT_TRUE(RunUntil([&] { return gate_.adopted.size() == 41; }));
  EXPECT_TRUE(FallsQuiet());
}

TEST_F(AdminListenerTest, WhoTheGateDoesNotTakeIsClosedAndTheNextOneIsAsked) {
  gate_.full = true;
  Start(UnixAddress());
  const net::Fd refused = Connect(UnixAddress());
  EXPECT_TRUE(RunUntil([&] { return IsClosed(refused); }));
  gate_.full = false;
  const net::Fd client = Connect(UnixAddress());
  EXPECT_TRUE(RunUntil([&] { return gate_.adopted.size() == 1; }));
}

TEST_F(AdminListenerTest, OtherUsersAreTurnedAwayWhateverTheMode) {
  constexpr uid_t kNobody = 65534;
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  Start(UnixAddress());
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  ASSERT_EQ(chmod(path().c_str(), 0666), 0);
  net::Fd client;
  bool became_nobody = false;
  std::thread other([&] {
    // The call itself changes this thread alone; the function of the C library changes them all.
    became_nobody = syscall(SYS_setresuid, -1, kNobody, -1) == 0;
    client = Connect(UnixAddress());
  });
  other.join();
  if (!became_nobody || !client.valid()) GTEST_SKIP() << "no other user can come here";
  EXPECT_TRUE(RunUntil([&] { return IsClosed(client); }));
  EXPECT_TRUE(gate_.adopted.empty());
}

TEST_F(AdminListenerTest, ListensOnALoopbackPort) {
  Start(TcpAddress());
  EXPECT_NE(listener_->address().port(), 0);
  const net::Fd client = Connect(listener_->address());
  ASSERT_TRUE(RunUntil([&] { return gate_.adopted.size() == 1; }));
  EXPECT_TRUE(gate_.adopted[0].second.name.starts_with("127.0.0.1:"));
  EXPECT_EQ(gate_.adopted[0].second.role, AdminRole::kReadWrite);
}

TEST_F(AdminListenerTest, SocketOfADeadProcessIsReplaced) {
  {
    const net::Fd dead = *Open(UnixAddress())->Duplicate();
  }
  {
    auto left = Open(UnixAddress());
    left->HandOver();
  }
  ASSERT_TRUE(std::filesystem::exists(path()));
  Start(UnixAddress());
  const net::Fd client = Connect(UnixAddress());
  EXPECT_TRUE(RunUntil([&] { return gate_.adopted.size() == 1; }));
}

TEST_F(AdminListenerTest, SocketOfALivingProcessIsAnError) {
  Start(UnixAddress());
  const auto second = AdminListener::Open(UnixAddress(), scope_, gate_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(Message(second.status()).find("another process listens there"), std::string_view::npos)
      << Message(second.status());
  const net::Fd client = Connect(UnixAddress());
  EXPECT_TRUE(client.valid());
}

TEST_F(AdminListenerTest, OtherFileInTheWayStays) {
  ASSERT_EQ(close(open(path().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
  EXPECT_FALSE(AdminListener::Open(UnixAddress(), scope_, gate_).ok());
  EXPECT_TRUE(std::filesystem::is_regular_file(path()));
  EXPECT_EQ(Mode(), 0644);
}

TEST_F(AdminListenerTest, FileGoesWithTheListener) {
  Start(UnixAddress());
  EXPECT_TRUE(std::filesystem::exists(path()));
  listener_.reset();
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_FALSE(Connect(UnixAddress()).valid());
}

TEST_F(AdminListenerTest, FileOfAnotherProcessStays) {
  Start(UnixAddress());
  std::filesystem::remove(path());
  const auto other = Open(UnixAddress());
  listener_.reset();
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(AdminListenerTest, EndsWithItsScope) {
  Start(UnixAddress());
  Unwind();
  const net::Fd client = Connect(UnixAddress());
  RunRounds();
  EXPECT_TRUE(gate_.adopted.empty());
}

TEST_F(AdminListenerTest, SuccessorGoesOnWithTheQueue) {
  Start(UnixAddress());
  FakeGate next_gate;
  auto next = Inherit(*listener_, next_gate);
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(next->address(), UnixAddress());
  listener_->HandOver();
  EXPECT_FALSE(listener_->Duplicate().ok());
  const net::Fd client = Connect(UnixAddress());
  ASSERT_TRUE(client.valid());
  RunRounds();
  EXPECT_TRUE(gate_.adopted.empty());
  listener_.reset();
  EXPECT_TRUE(std::filesystem::exists(path()));
  next->Start();
  EXPECT_TRUE(RunUntil([&] { return next_gate.adopted.size() == 1; }));
  next.reset();
  EXPECT_FALSE(std::filesystem::exists(path()));
  RunRounds();
}

// Runs when it is due: after the loop has heard of what its descriptors are ready for, and before
// the coroutines go on that wait for it.
struct HandOverTimer final : net::Timer {
  explicit HandOverTimer(AdminListener& to_stop) : listener(to_stop) {}
  void OnTimer() override { listener.HandOver(); }
  AdminListener& listener;
};

TEST_F(AdminListenerTest, WhoComesInTheRoundOfTheHandOverIsTheSuccessors) {
  Start(UnixAddress());
  RunRounds();
  const net::Fd copy = *listener_->Duplicate();
  HandOverTimer timer(*listener_);
  const TimePoint due = loop_.now() + std::chrono::milliseconds(2);
  loop_.timers().Arm(timer, due);
  const net::Fd client = Connect(UnixAddress());
  while (Clock::now() <= due + std::chrono::milliseconds(1)) {
  }
  RunRounds();
  EXPECT_FALSE(timer.armed());
  EXPECT_TRUE(gate_.adopted.empty());
  EXPECT_TRUE(net::Fd(accept(copy.get(), nullptr, nullptr)).valid());
}

TEST_F(AdminListenerTest, AcceptsAgainWhenThereAreDescriptorsAgain) {
  Start(UnixAddress());
  RunRounds();
  const net::Fd client = Connect(UnixAddress());
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit none{.rlim_cur = 3, .rlim_max = limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  RunRounds();
  setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_TRUE(gate_.adopted.empty());
  EXPECT_TRUE(RunUntil([&] { return gate_.adopted.size() == 1; }));
}

TEST_F(AdminListenerTest, SuccessorThatGivesUpLeavesEverythingAsItWas) {
  Start(UnixAddress());
  FakeGate next_gate;
  Inherit(*listener_, next_gate).reset();
  EXPECT_TRUE(std::filesystem::exists(path()));
  const net::Fd client = Connect(UnixAddress());
  EXPECT_TRUE(RunUntil([&] { return gate_.adopted.size() == 1; }));
}

TEST_F(AdminListenerTest, LoopbackPortIsHandedOverToo) {
  Start(TcpAddress());
  FakeGate next_gate;
  auto next = Inherit(*listener_, next_gate);
  ASSERT_NE(next, nullptr);
  listener_->HandOver();
  next->Start();
  const net::Fd client = Connect(next->address());
  EXPECT_TRUE(RunUntil([&] { return next_gate.adopted.size() == 1; }));
  next.reset();
  RunRounds();
}

TEST_F(AdminListenerTest, FileOfTheServiceManagerStays) {
  const auto manager = Open(UnixAddress());
  auto next = Inherit(*manager, gate_, SocketOrigin::kServiceManager);
  ASSERT_NE(next, nullptr);
  next->Start();
  next.reset();
  RunRounds();
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(AdminListenerTest, InheritedSocketThatOthersCouldReachIsRefused) {
  net::Fd open_to_all(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage;
  socklen_t length = 0;
  SocketAddress::Parse("0.0.0.0:0")->ToSockaddr(&storage, &length);
  ASSERT_EQ(bind(open_to_all.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
  const auto inherited = AdminListener::Inherit(TcpAddress(), std::move(open_to_all),
                                                SocketOrigin::kServiceManager, scope_, gate_);
  EXPECT_FALSE(inherited.ok());
}

// What CheckAdminAddress says; empty: nothing.
std::string Problem(std::string_view address) {
  const absl::Status status = CheckAdminAddress(address);
  return std::string(Message(status));
}

TEST(AdminAddressTest, UnixPathsAndLoopbackAddressesAreAllowed) {
  for (const char* good : {"unix:/run/culvert/admin.sock", "unix:admin.sock", "127.0.0.1:9901",
                           "127.1.2.3:9901", "[::1]:9901", "[::ffff:127.0.0.1]:9901"}) {
    EXPECT_EQ(Problem(good), "") << good;
  }
}

TEST(AdminAddressTest, WhatOthersCouldReachIsNot) {
  for (const char* bad : {"0.0.0.0:9901", "[::]:9901", "192.168.0.1:9901", "10.0.0.1:9901",
                          "[fe80::1]:9901", "[::2]:9901", "[64:ff9b::7f00:1]:9901",
                          "[::ffff:10.0.0.1]:9901", "126.0.0.1:1", "128.0.0.1:1"}) {
    EXPECT_NE(Problem(bad).find("other machines could reach it"), std::string::npos)
        << bad << ": " << Problem(bad);
  }
  EXPECT_NE(Problem("unix:@culvert").find("has no mode"), std::string::npos);
}

TEST(AdminAddressTest, WhatIsNoAddressIsNot) {
  for (const char* bad : {"", "localhost:9901", "9901", "unix:", "/run/culvert/admin.sock"}) {
    EXPECT_NE(Problem(bad), "") << bad;
  }
}

// The address as text, `none`, or `error: ...`.
std::string AddressOf(std::string_view configured, std::string_view state_directory) {
  config::v1::Process process;
  if (!configured.empty()) process.mutable_admin()->set_address(std::string(configured));
  const auto address = AdminAddressOf(process, state_directory);
  if (!address.ok()) return fmt::format("error: {}", Message(address.status()));
  return *address ? (*address)->ToString() : "none";
}

TEST(AdminAddressTest, IsWhatTheConfigSays) {
  EXPECT_EQ(AddressOf("127.0.0.1:9901", ""), "127.0.0.1:9901");
  EXPECT_EQ(AddressOf("unix:/run/a.sock", "/var/lib/culvert"), "unix:/run/a.sock");
}

TEST(AdminAddressTest, IsElseInTheStateDirectory) {
  EXPECT_EQ(AddressOf("", "/var/lib/culvert"), "unix:/var/lib/culvert/admin.sock");
  EXPECT_EQ(AddressOf("", "/var/lib/culvert/"), "unix:/var/lib/culvert/admin.sock");
}

TEST(AdminAddressTest, IsElseNowhere) { EXPECT_EQ(AddressOf("", ""), "none"); }

TEST(AdminAddressTest, SaysWhatToDoAboutALongStateDirectory) {
  const std::string text = AddressOf("", "/" + std::string(200, 'x'));
  EXPECT_NE(text.find("longer than 107 bytes"), std::string::npos) << text;
  EXPECT_NE(text.find("set process.admin.address"), std::string::npos) << text;
}

TEST(AdminAddressTest, WrongAddressIsAnErrorAlsoWithAStateDirectory) {
  EXPECT_TRUE(AddressOf("0.0.0.0:9901", "/var/lib/culvert").starts_with("error: '0.0.0.0:9901'"));
}

}  // namespace
}  // namespace culvert::server
