#include "source/server/service_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "source/base/status.h"

namespace culvert::server {
namespace {

// Stands in for the manager: what it is told.
class Manager {
 public:
  explicit Manager(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_storage storage;
    socklen_t length = 0;
    net::SocketAddress::Parse("unix:" + path)->ToSockaddr(&storage, &length);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
  }

  std::string Next() {
    std::array<char, 4096> buffer;
    const ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    return got < 0 ? "nothing" : std::string(buffer.data(), static_cast<size_t>(got));
  }

 private:
  net::Fd fd_;
};

class ServiceManagerTest : public ::testing::Test {
 protected:
  ServiceManagerTest() {
    std::string name = "/tmp/culvert_test_XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~ServiceManagerTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(ServiceManagerTest, SaysEachStateAsTheManagerReadsIt) {
  Manager manager(folder_ + "/notify");
  const ServiceManager service(folder_ + "/notify");
  service.Ready();
  EXPECT_EQ(manager.Next(), "READY=1");
  service.Stopping();
  EXPECT_EQ(manager.Next(), "STOPPING=1");
  service.ChangeMainPid(4711);
  EXPECT_EQ(manager.Next(), "MAINPID=4711");
  service.SetStatus("draining:\nREADY=1");
  EXPECT_EQ(manager.Next(), "STATUS=draining: READY=1");
}

TEST_F(ServiceManagerTest, AReloadCarriesTheMonotonicClock) {
  Manager manager(folder_ + "/notify");
  timespec before{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  ServiceManager(folder_ + "/notify").Reloading();
  const std::string text = manager.Next();
  const std::string head = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_TRUE(text.starts_with(head)) << text;
  const int64_t microseconds = std::stoll(text.substr(head.size()));
  const int64_t from = int64_t{before.tv_sec} * 1'000'000 + before.tv_nsec / 1000;
  EXPECT_GE(microseconds, from);
  EXPECT_LT(microseconds, from + 60'000'000);
}

TEST_F(ServiceManagerTest, TheSocketMayBeAbstract) {
  const std::string name = fmt::format("@culvert_test_{}", getpid());
  Manager manager(name);
  ASSERT_EQ(setenv("NOTIFY_SOCKET", name.c_str(), 1), 0);
  ServiceManager::FromEnvironment().Ready();
  unsetenv("NOTIFY_SOCKET");
  EXPECT_EQ(manager.Next(), "READY=1");
}

TEST_F(ServiceManagerTest, WithoutAManagerNothingHappens) {
  for (const std::string& socket : {std::string(), std::string("vsock:2:1"), std::string("@"),
                                    folder_ + "/nobody", std::string(300, '/')}) {
    ServiceManager(socket).Ready();
  }
}

class ActivationTest : public ServiceManagerTest {
 protected:
  // At descriptor `at`, which nobody else has.
  static net::SocketAddress ListenAt(int at) {
    net::Fd fd(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(fd.get(), generic, length), 0);
    EXPECT_EQ(listen(fd.get(), 1), 0);
    EXPECT_EQ(getsockname(fd.get(), generic, &length), 0);
    EXPECT_EQ(dup2(fd.get(), at), at);
    return *net::SocketAddress::FromSockaddr(generic, length);
  }
  static ActivationEnvironment Mine(std::string count, std::string names = "") {
    return {std::to_string(getpid()), std::move(count), std::move(names)};
  }

  static constexpr int kFirst = 700;
};

TEST_F(ActivationTest, TakesTheSocketsWithTheirNamesAndAddresses) {
  const net::SocketAddress first = ListenAt(kFirst);
  const net::SocketAddress second = ListenAt(kFirst + 1);
  const auto sockets = TakeActivationSockets(Mine("2", "https:admin"), kFirst);
  ASSERT_TRUE(sockets.ok()) << Message(sockets.status());
  ASSERT_EQ(sockets->size(), 2);
  EXPECT_EQ(sockets->at(0).name, "https");
  EXPECT_EQ(sockets->at(0).address, first);
  EXPECT_EQ(sockets->at(1).name, "admin");
  EXPECT_EQ(sockets->at(1).address, second);
  EXPECT_EQ(sockets->at(1).fd.get(), kFirst + 1);
  EXPECT_EQ(fcntl(kFirst, F_GETFD), FD_CLOEXEC);
  EXPECT_NE(fcntl(kFirst, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(ActivationTest, NamesMayBeMissing) {
  ListenAt(kFirst);
  const auto sockets = TakeActivationSockets(Mine("1"), kFirst);
  ASSERT_TRUE(sockets.ok());
  EXPECT_EQ(sockets->at(0).name, "");
}

TEST_F(ActivationTest, SocketsOfAnotherProcessAreLeftAlone) {
  const net::Fd fd(dup(0));
  for (const char* pid : {"", "1", "x"}) {
    const auto sockets = TakeActivationSockets({pid, "1", ""}, fd.get());
    ASSERT_TRUE(sockets.ok());
    EXPECT_TRUE(sockets->empty());
  }
  EXPECT_GE(fcntl(fd.get(), F_GETFD), 0);
}

TEST_F(ActivationTest, RefusesWhatIsNoListeningStreamSocket) {
  ListenAt(kFirst);
  net::Fd datagram(socket(AF_INET, SOCK_DGRAM, 0));
  ASSERT_EQ(dup2(datagram.get(), kFirst + 1), kFirst + 1);
  const auto sockets = TakeActivationSockets(Mine("2", "https:dns"), kFirst);
  ASSERT_FALSE(sockets.ok());
  EXPECT_NE(Message(sockets.status()).find("(dns) of the service manager is no listening"),
            std::string::npos);
  EXPECT_EQ(fcntl(kFirst, F_GETFD), -1);
  EXPECT_EQ(fcntl(kFirst + 1, F_GETFD), -1);
}

TEST_F(ActivationTest, RefusesANumberThatIsNone) {
  for (const char* count : {"", "x", "-1", "1x", "100000"})
    EXPECT_FALSE(TakeActivationSockets(Mine(count), kFirst).ok()) << count;
}

TEST_F(ActivationTest, NoChildBelievesItselfMeant) {
  setenv("LISTEN_PID", "12", 1);
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_FDNAMES", "https", 1);
  const ActivationEnvironment environment = TakeActivationEnvironment();
  EXPECT_EQ(environment.pid, "12");
  EXPECT_EQ(environment.count, "1");
  EXPECT_EQ(environment.names, "https");
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
    EXPECT_EQ(getenv(name), nullptr);
}

}  // namespace
}  // namespace culvert::server
