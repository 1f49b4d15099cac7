#include "source/server/fd_channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "test/net/test_util.h"

namespace culvert::server {
namespace {

using namespace std::chrono_literals;
using net::IoError;

constexpr FdChannel::Limits kLimits{.size = 1 << 20, .descriptors = 2000};

net::Fd OpenNull() { return net::Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

ino_t InodeOf(int fd) {
  struct stat info = {};
  EXPECT_EQ(fstat(fd, &info), 0);
  return info.st_ino;
}

// A frame as a peer would write it.
std::string Frame(uint32_t size, uint32_t descriptors, std::string_view rest) {
  std::string frame;
  for (const uint32_t number : {size, descriptors}) {
    for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(number >> shift);
  }
  return frame.append(rest);
}

void SendRaw(int fd, std::string_view bytes, int descriptors) {
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const size_t size = sizeof(int) * static_cast<size_t>(descriptors);
  std::vector<char> control(CMSG_SPACE(size));
  if (descriptors > 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(size);
    for (int i = 0; i < descriptors; ++i)
      std::memcpy(CMSG_DATA(rights) + i * sizeof(int), &fd, sizeof fd);
  }
  ASSERT_EQ(sendmsg(fd, &message, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

class FdChannelTest : public net::LoopFixture {
 protected:
  FdChannelTest() {
    auto [a, b] = net::UnixPair();
    raw_ = a.get();
    near_ = std::make_unique<FdChannel>(std::move(a), kLimits);
    far_ = std::make_unique<FdChannel>(std::move(b), kLimits);
  }

  static TimePoint Soon() { return Clock::now() + 10s; }

  // What the far end makes of these bytes.
  FdChannel::Received Receive(std::string_view bytes, int descriptors = 0) {
    SendRaw(raw_, bytes, descriptors);
    return far_->Receive(Soon());
  }

  int raw_ = -1;  // near_'s
  std::unique_ptr<FdChannel> near_;
  std::unique_ptr<FdChannel> far_;
};

TEST_F(FdChannelTest, KeepsMessagesApart) {
  ASSERT_TRUE(near_->Send({"first", {}}, Soon()).ok());
  ASSERT_TRUE(near_->Send({"", {}}, Soon()).ok());
  ASSERT_TRUE(near_->Send({std::string("\0third", 6), {}}, Soon()).ok());
  EXPECT_EQ(far_->Receive(Soon()).message.payload, "first");
  const FdChannel::Received empty = far_->Receive(Soon());
  EXPECT_TRUE(empty.result.ok());
  EXPECT_EQ(empty.message.payload, "");
  EXPECT_EQ(far_->Receive(Soon()).message.payload, std::string("\0third", 6));
  near_.reset();
  EXPECT_TRUE(far_->Receive(Soon()).result.ended());
}

TEST_F(FdChannelTest, DescriptorsArriveInOrderAndAreClosedByExec) {
  ChannelMessage message{"payload", {}};
  std::vector<ino_t> inodes;
  for (int i = 0; i < 600; ++i) {  // more than one call takes
    auto [kept, sent] = net::UnixPair();
    inodes.push_back(InodeOf(sent.get()));
    message.descriptors.push_back(std::move(sent));
  }
  ASSERT_TRUE(near_->Send(std::move(message), Soon()).ok());
  FdChannel::Received received = far_->Receive(Soon());
  ASSERT_TRUE(received.result.ok());
  EXPECT_EQ(received.message.payload, "payload");
  ASSERT_EQ(received.message.descriptors.size(), inodes.size());
  for (size_t i = 0; i < inodes.size(); ++i) {
    const int fd = received.message.descriptors[i].get();
    EXPECT_EQ(InodeOf(fd), inodes[i]);
    EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  }
}

TEST_F(FdChannelTest, DescriptorsOfOneMessageDoNotEndUpInAnother) {
  ChannelMessage first{"one", {}};
  first.descriptors.push_back(OpenNull());
  ChannelMessage second{"two", {}};
  second.descriptors.push_back(OpenNull());
  second.descriptors.push_back(OpenNull());
  ASSERT_TRUE(near_->Send(std::move(first), Soon()).ok());
  ASSERT_TRUE(near_->Send({"none", {}}, Soon()).ok());
  ASSERT_TRUE(near_->Send(std::move(second), Soon()).ok());
  EXPECT_EQ(far_->Receive(Soon()).message.descriptors.size(), 1);
  EXPECT_EQ(far_->Receive(Soon()).message.descriptors.size(), 0);
  EXPECT_EQ(far_->Receive(Soon()).message.descriptors.size(), 2);
}

TEST_F(FdChannelTest, AllDescriptorsAreClosedWhereverTheyGotStuck) {
  const int before = net::CountOpenFds();
  for (int round = 0; round < 3; ++round) {
    auto [a, b] = net::UnixPair();
    net::ShrinkBuffers(a.get());
    FdChannel sender(std::move(a), kLimits);
    FdChannel receiver(std::move(b), kLimits);
    ChannelMessage message{std::string(900'000, 'x'), {}};
    for (int i = 0; i < 400; ++i) message.descriptors.push_back(OpenNull());
    EXPECT_EQ(sender.Send(std::move(message), Clock::now()).error, IoError::kTimedOut);
    if (round == 1) {
      EXPECT_EQ(receiver.Receive(Clock::now()).result.error, IoError::kTimedOut);
    }
    if (round == 2) {
      std::thread reader([&receiver] { EXPECT_TRUE(receiver.Receive(Soon()).result.ok()); });
      EXPECT_TRUE(sender.Send({"next", {}}, Soon()).ok());
      reader.join();
    }
  }
  EXPECT_EQ(net::CountOpenFds(), before);
}

TEST_F(FdChannelTest, RefusesMoreBytesThanTheLimitBeforeTheyCome) {
  EXPECT_EQ(Receive(Frame((1 << 20) + 1, 0, "")).result.error, IoError::kProtocol);
}

TEST_F(FdChannelTest, RefusesMoreDescriptorsThanTheLimitBeforeTheyCome) {
  EXPECT_EQ(Receive(Frame(1, 2001, "")).result.error, IoError::kProtocol);
}

TEST_F(FdChannelTest, ClosesDescriptorsThatWereNotAnnounced) {
  const int before = net::CountOpenFds();
  EXPECT_EQ(Receive(Frame(1, 0, "x"), 5).result.error, IoError::kProtocol);
  EXPECT_EQ(net::CountOpenFds(), before);
}

TEST_F(FdChannelTest, RefusesFewerDescriptorsThanWereAnnounced) {
  const int before = net::CountOpenFds();
  EXPECT_EQ(Receive(Frame(1, 3, std::string_view("\0x", 2)), 2).result.error, IoError::kProtocol);
  EXPECT_EQ(net::CountOpenFds(), before);
}

TEST_F(FdChannelTest, ASideThatTakesNoDescriptorsClosesThem) {
  auto [a, b] = net::UnixPair();
  FdChannel channel(std::move(b), {.size = 100, .descriptors = 0});
  const int before = net::CountOpenFds();
  SendRaw(a.get(), Frame(1, 0, "x"), 250);
  EXPECT_EQ(channel.Receive(Soon()).result.error, IoError::kProtocol);
  EXPECT_EQ(net::CountOpenFds(), before);
}

TEST_F(FdChannelTest, SaysWhenThereAreNotEnoughDescriptors) {
  ChannelMessage message{"payload", {}};
  for (int i = 0; i < 100; ++i) message.descriptors.push_back(OpenNull());
  ASSERT_TRUE(near_->Send(std::move(message), Soon()).ok());
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit low = limit;
  const int before = net::CountOpenFds();
  low.rlim_cur = static_cast<rlim_t>(before + 10);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const FdChannel::Received received = far_->Receive(Soon());
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(received.result.error, IoError::kResources);
  EXPECT_EQ(net::CountOpenFds(), before);
}

TEST_F(FdChannelTest, TellsAnEndFromATruncatedMessage) {
  SendRaw(raw_, Frame(10, 0, "half"), 0);
  near_.reset();
  EXPECT_EQ(far_->Receive(Soon()).result.error, IoError::kTruncated);
}

TEST_F(FdChannelTest, AWriterWhosePeerIsGoneIsToldSo) {
  far_.reset();
  EXPECT_EQ(near_->Send({"hello", {}}, Soon()).error, IoError::kReset);
}

TEST_F(FdChannelTest, WaitsNoLongerThanTheDeadline) {
  EXPECT_EQ(far_->Receive(Clock::now() + 5ms).result.error, IoError::kTimedOut);
}

net::Task<void> SendBig(FdChannel& channel, net::IoResult& result) {
  ChannelMessage message{std::string(1 << 20, 'x'), {}};
  message.descriptors.push_back(OpenNull());
  result = co_await channel.SendAsync(std::move(message), kNever);
}

net::Task<void> ReceiveOne(FdChannel& channel, TimePoint deadline, FdChannel::Received& received) {
  received = co_await channel.ReceiveAsync(deadline);
}

TEST_F(FdChannelTest, BothSidesMayBeCoroutinesOfOneLoop) {
  ASSERT_TRUE(near_->Watch(loop_));
  ASSERT_TRUE(far_->Watch(loop_));
  net::IoResult sent = net::IoResult::WouldBlock();
  FdChannel::Received received;
  Start(SendBig(*near_, sent));
  Run(ReceiveOne(*far_, kNever, received));
  EXPECT_TRUE(sent.ok());
  ASSERT_TRUE(received.result.ok());
  EXPECT_EQ(received.message.payload.size(), 1 << 20);
  EXPECT_EQ(received.message.descriptors.size(), 1);
}

TEST_F(FdChannelTest, ACoroutineEndsWithItsDeadlineOrItsScope) {
  ASSERT_TRUE(near_->Watch(loop_));
  ASSERT_TRUE(far_->Watch(loop_));
  FdChannel::Received received;
  Run(ReceiveOne(*far_, loop_.now() + 5ms, received));
  EXPECT_EQ(received.result.error, IoError::kTimedOut);
  net::IoResult sent;
  Start(SendBig(*near_, sent));
  Start(ReceiveOne(*near_, kNever, received));
  Unwind();
  EXPECT_EQ(received.result.error, IoError::kCancelled);
  EXPECT_EQ(sent.error, IoError::kCancelled);
}

TEST_F(FdChannelTest, WhatACancelledCoroutineLeftGoesOutFirst) {
  ASSERT_TRUE(near_->Watch(loop_));
  net::IoResult sent;
  Start(SendBig(*near_, sent));
  Unwind();
  ASSERT_EQ(sent.error, IoError::kCancelled);
  std::thread writer([this] { EXPECT_TRUE(near_->Send({"next", {}}, Soon()).ok()); });
  EXPECT_EQ(far_->Receive(Soon()).message.payload, std::string(1 << 20, 'x'));
  EXPECT_EQ(far_->Receive(Soon()).message.payload, "next");
  writer.join();
}

}  // namespace
}  // namespace culvert::server
