#include "source/net/connector.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "source/net/event_loop.h"
#include "source/net/fd.h"
#include "source/net/stream_io.h"
#include "test/net/task_runner.h"

namespace culvert::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

const SocketAddress kV4Loopback(IpAddress::V4(127, 0, 0, 1), 0);

// A bound socket; its address is with the port that it was given.
struct Bound {
  explicit Bound(const SocketAddress& wanted = kV4Loopback) : address(wanted) {
    fd = Fd(socket(wanted.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage storage;
    socklen_t length;
    wanted.ToSockaddr(&storage, &length);
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
    length = sizeof storage;
    getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &length);
    address = *SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length);
  }
  Fd Accept() { return Fd(accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

  Fd fd;
  SocketAddress address;
};

struct Listener : Bound {
  explicit Listener(const SocketAddress& wanted = kV4Loopback) : Bound(wanted) {
    EXPECT_EQ(listen(fd.get(), 1024), 0);
  }
};

// Never answers: its queue is full, and the kernel drops what comes on top.
struct BlackHole : Bound {
  BlackHole() {
    EXPECT_EQ(listen(fd.get(), 0), 0);
    sockaddr_storage storage;
    socklen_t length;
    address.ToSockaddr(&storage, &length);
    filler = Fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(filler.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
  }
  Fd filler;
};

size_t OpenDescriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

class ConnectorTest : public testing::Test {
 protected:
  ConnectResult ConnectTo(std::vector<SocketAddress> candidates,
                          const ConnectOptions& options = {}) {
    return RunTask(loop_, Connect(std::move(candidates), options));
  }

  EventLoop loop_;
};

TEST_F(ConnectorTest, StreamReachesTheListener) {
  Listener listener;
  const ConnectResult result = ConnectTo({listener.address});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.failure, IoError::kNone);
  EXPECT_EQ(result.address, listener.address);
  EXPECT_EQ(result.attempts, 1);
  const Fd peer = listener.Accept();
  EXPECT_EQ(RunTask(loop_, WriteAll(*result.stream, "hello", kNever)).bytes, 5);
  std::array<char, 16> buffer;
  EXPECT_EQ(recv(peer.get(), buffer.data(), buffer.size(), 0), 5);
  ASSERT_EQ(send(peer.get(), "world!", 6, 0), 6);
  EXPECT_EQ(RunTask(loop_, Read(*result.stream, buffer, kNever)).bytes, 6);
}

TEST_F(ConnectorTest, NewStreamIsOpenAndHasNothingToRead) {
  Listener listener;
  const ConnectResult result = ConnectTo({listener.address});
  ASSERT_TRUE(result.ok());
  std::array<char, 16> buffer;
  EXPECT_TRUE(result.stream->TryRead(buffer).would_block());
  EXPECT_FALSE(result.stream->readable().ready());
  EXPECT_TRUE(result.stream->writable().ready());
}

TEST_F(ConnectorTest, BytesLeaveAtOnceIfWanted) {
  Listener listener;
  for (const bool wanted : {true, false}) {
    const ConnectResult result = ConnectTo({listener.address}, {.no_delay = wanted});
    int value = -1;
    socklen_t size = sizeof value;
    getsockopt(result.stream->fd(), IPPROTO_TCP, TCP_NODELAY, &value, &size);
    EXPECT_EQ(value != 0, wanted);
  }
}

TEST_F(ConnectorTest, ReachesIpv6) {
  if (!std::filesystem::exists("/proc/net/if_inet6")) GTEST_SKIP() << "no IPv6 here";
  Listener listener(*SocketAddress::Parse("[::1]:0"));
  EXPECT_TRUE(ConnectTo({listener.address}).ok());
}

TEST_F(ConnectorTest, ReachesUnixSockets) {
  const std::string path = "/tmp/culvert_connector_test." + std::to_string(getpid());
  std::filesystem::remove(path);
  Listener file(*SocketAddress::Parse("unix:" + path));
  EXPECT_TRUE(ConnectTo({file.address}).ok());
  EXPECT_TRUE(file.Accept().valid());
  std::filesystem::remove(path);
  Listener abstract(*SocketAddress::Parse("unix:@connector_test." + std::to_string(getpid())));
  EXPECT_TRUE(ConnectTo({abstract.address}).ok());
}

TEST_F(ConnectorTest, UnixSocketThatNobodyServesIsRefused) {
  const std::string path = "/tmp/culvert_connector_test_gone." + std::to_string(getpid());
  std::filesystem::remove(path);
  const SocketAddress address = *SocketAddress::Parse("unix:" + path);
  EXPECT_EQ(ConnectTo({address}).failure, IoError::kRefused);
  const Bound bound(address);
  EXPECT_EQ(ConnectTo({address}).failure, IoError::kRefused);
  std::filesystem::remove(path);
}

TEST_F(ConnectorTest, UnixSocketWithAFullQueueIsOutOfResources) {
  Bound bound(*SocketAddress::Parse("unix:@connector_test_full." + std::to_string(getpid())));
  ASSERT_EQ(listen(bound.fd.get(), 0), 0);
  const ConnectResult first = ConnectTo({bound.address});
  EXPECT_TRUE(first.ok());
  EXPECT_EQ(ConnectTo({bound.address}).failure, IoError::kResources);
}

TEST_F(ConnectorTest, PortThatNobodyServesIsRefused) {
  const Bound bound;
  const ConnectResult result = ConnectTo({bound.address});
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.failure, IoError::kRefused);
  EXPECT_EQ(result.address, bound.address);
}

TEST_F(ConnectorTest, SilenceEndsAtTheDeadline) {
  const BlackHole hole;
  const ConnectResult result =
      ConnectTo({hole.address}, {.deadline = Clock::now() + milliseconds(20)});
  EXPECT_EQ(result.failure, IoError::kTimedOut);
  EXPECT_EQ(result.address, hole.address);
}

TEST_F(ConnectorTest, NoCandidatesAreUnreachable) {
  const ConnectResult result = ConnectTo({});
  EXPECT_EQ(result.failure, IoError::kUnreachable);
  EXPECT_EQ(result.attempts, 0);
}

TEST_F(ConnectorTest, NextCandidateIsTriedAtOnceWhenOneFails) {
  const Bound refusing;
  Listener listener;
  const ConnectResult result = ConnectTo({refusing.address, refusing.address, listener.address},
                                         {.attempt_delay = hours(1)});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.address, listener.address);
  EXPECT_EQ(result.attempts, 3);
}

TEST_F(ConnectorTest, NextCandidateIsTriedBesideOneThatIsSilent) {
  const BlackHole hole;
  Listener listener;
  const TimePoint start = loop_.now();
  const ConnectResult result =
      ConnectTo({hole.address, listener.address}, {.attempt_delay = milliseconds(30)});
  EXPECT_GE(Clock::now() - start, milliseconds(30));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.address, listener.address);
  EXPECT_EQ(result.attempts, 2);
}

TEST_F(ConnectorTest, FailureBesideOneThatIsSilentStartsTheNext) {
  const BlackHole hole;
  const Bound refusing;
  Listener listener;
  const ConnectResult result = ConnectTo({hole.address, refusing.address, listener.address},
                                         {.attempt_delay = milliseconds(20)});
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.attempts, 3);
}

TEST_F(ConnectorTest, CandidateThatAnswersIsAlone) {
  Listener listener;
  const Bound refusing;
  EXPECT_EQ(ConnectTo({listener.address, refusing.address}, {.attempt_delay = hours(1)}).attempts,
            1);
}

TEST_F(ConnectorTest, EveryCandidateHasItsTurn) {
  const BlackHole hole;
  Listener listener;
  std::vector<SocketAddress> candidates(7, hole.address);
  candidates.push_back(listener.address);
  const ConnectResult result = ConnectTo(candidates, {.attempt_delay = milliseconds(2)});
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.attempts, 8);
}

TEST_F(ConnectorTest, LosersAreClosed) {
  const BlackHole hole;
  Listener listener;
  const size_t before = OpenDescriptors();
  const ConnectResult result =
      ConnectTo({hole.address, hole.address, listener.address}, {.attempt_delay = milliseconds(2)});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(OpenDescriptors(), before + 1);
}

TEST_F(ConnectorTest, MostTellingFailureIsReported) {
  const BlackHole hole;
  const Bound refusing;
  const ConnectOptions options{.deadline = Clock::now() + milliseconds(250),
                               .attempt_delay = milliseconds(1)};
  const ConnectResult result = ConnectTo({hole.address, refusing.address, hole.address}, options);
  EXPECT_EQ(result.failure, IoError::kRefused);
  EXPECT_EQ(result.address, refusing.address);
  EXPECT_EQ(result.attempts, 3);
}

TEST_F(ConnectorTest, CancelledConnectEndsAndClosesItsSockets) {
  const BlackHole hole;
  const Bound refusing;
  const size_t before = OpenDescriptors();
  const std::vector<SocketAddress> candidates{refusing.address, hole.address, hole.address};
  const ConnectOptions options{.attempt_delay = milliseconds(2)};
  Running<ConnectResult> running(loop_, Connect(candidates, options));
  // The first has been refused and the two others are under way.
  ASSERT_TRUE(RunUntil(loop_, [&] { return OpenDescriptors() == before + 2; }));
  running.scope().Cancel(CancelReason::kKilled);
  EXPECT_EQ(running.Wait().failure, IoError::kCancelled);
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(ConnectorTest, RunningOutOfDescriptorsIsOutOfResources) {
  Listener listener;
  rlimit old;
  getrlimit(RLIMIT_NOFILE, &old);
  const rlimit none{.rlim_cur = 0, .rlim_max = old.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  const IoError failure = ConnectTo({listener.address}).failure;
  setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_EQ(failure, IoError::kResources);
}

TEST_F(ConnectorTest, ManyAtOnce) {
  Listener listener;
  const Bound refusing;
  std::vector<std::unique_ptr<Running<ConnectResult>>> all;
  for (int i = 0; i < 300; ++i) {
    const std::vector<SocketAddress> candidates{refusing.address,
                                                i % 3 == 0 ? refusing.address : listener.address};
    all.push_back(
        std::make_unique<Running<ConnectResult>>(loop_, Connect(candidates, ConnectOptions{})));
  }
  for (int i = 0; i < 300; ++i) EXPECT_EQ(all[i]->Wait().ok(), i % 3 != 0) << i;
}

TEST(SortForHappyEyeballsTest, FamiliesTakeTurnsBeginningWithIpv6) {
  const auto ip = [](std::string_view text) { return *IpAddress::Parse(text); };
  const std::vector<IpAddress> sorted = SortForHappyEyeballs(
      {ip("192.0.2.1"), ip("192.0.2.2"), ip("192.0.2.3"), ip("2001:db8::1"), ip("2001:db8::2")});
  EXPECT_EQ(sorted, (std::vector{ip("2001:db8::1"), ip("192.0.2.1"), ip("2001:db8::2"),
                                 ip("192.0.2.2"), ip("192.0.2.3")}));
}

TEST(SortForHappyEyeballsTest, OneFamilyStaysAsItIs) {
  const std::vector<IpAddress> v4 = {IpAddress::V4(192, 0, 2, 9), IpAddress::V4(192, 0, 2, 1)};
  EXPECT_EQ(SortForHappyEyeballs(v4), v4);
  EXPECT_TRUE(SortForHappyEyeballs({}).empty());
}

}  // namespace
}  // namespace culvert::net
