#include "test/net/test_util.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

namespace culvert::net {
namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::abort();
}

void SetNonBlocking(int fd) {
  Require(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0, "O_NONBLOCK");
}

}  // namespace

LoopFixture::LoopFixture() {
  // As every process of the project does: splice knows no MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
}

LoopFixture::~LoopFixture() { Require(running_ == 0, "a test left tasks behind; see Unwind()"); }

void LoopFixture::Start(Task<void> task) {
  ++running_;
  Spawn(scope_, std::move(task), [this] { --running_; });
}

void LoopFixture::Run(Task<void> task, Duration guard) {
  bool done = false;
  ++running_;
  Spawn(scope_, std::move(task), [this, &done] {
    --running_;
    done = true;
  });
  if (!RunUntil([&] { return done; }, guard)) Unwind();
}

bool LoopFixture::RunUntil(const std::function<bool()>& condition, Duration guard) {
  const TimePoint end = Clock::now() + guard;
  while (!condition()) {
    const TimePoint now = Clock::now();
    if (now >= end) {
      ADD_FAILURE() << "what was waited for has not happened";
      return false;
    }
    // Short rounds, since the condition may look at what the loop does not watch.
    loop_.RunOnce(std::min(end, now + std::chrono::milliseconds(1)));
  }
  return true;
}

int LoopFixture::CountRounds(Duration time) {
  const TimePoint end = Clock::now() + time;
  int rounds = 0;
  while (Clock::now() < end) {
    loop_.RunOnce(end);
    ++rounds;
  }
  return rounds;
}

bool LoopFixture::FallsQuiet() {
  for (int i = 0; i < 30; ++i) {
    if (CountRounds(std::chrono::milliseconds(100)) <= 2) return true;
  }
  return false;
}

void LoopFixture::Unwind(CancelReason reason) {
  scope_.Cancel(reason);
  Require(RunUntil([this] { return running_ == 0; }), "a cancelled task goes on");
}

std::unique_ptr<SocketStream> LoopFixture::MakeStream(Fd fd) {
  auto stream = SocketStream::Create(loop_, std::move(fd));
  Require(stream != nullptr, "SocketStream::Create");
  return stream;
}

FdPair TcpPair() {
  const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  Require(bind(listener.get(), generic, length) == 0, "bind");
  Require(listen(listener.get(), 1) == 0, "listen");
  Require(getsockname(listener.get(), generic, &length) == 0, "getsockname");
  Fd first(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Require(connect(first.get(), generic, length) == 0, "connect");
  Fd second(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  Require(second.valid(), "accept4");
  SetNonBlocking(first.get());
  return {std::move(first), std::move(second)};
}

FdPair UnixPair() {
  int ends[2];
  Require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0,
          "socketpair");
  return {Fd(ends[0]), Fd(ends[1])};
}

void ShrinkBuffers(int fd) {
  const int size = 32 * 1024;
  Require(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0, "SO_SNDBUF");
  Require(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0, "SO_RCVBUF");
}

void Reset(Fd fd) {
  const linger option{.l_onoff = 1, .l_linger = 0};
  Require(setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &option, sizeof option) == 0, "SO_LINGER");
}

std::string Pattern(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

int CountOpenFds() {
  // The iterator's own descriptor is there every time.
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

}  // namespace culvert::net
