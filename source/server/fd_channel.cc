#include "source/server/fd_channel.h"

#include <poll.h>
#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace culvert::server {

using net::IoError;
using net::IoResult;

namespace {

// A frame: the size of the payload and the number of descriptors, four bytes each, the highest
// first; a byte for each batch of descriptors to travel with; the payload.
constexpr size_t kHeaderSize = 8;
// SCM_MAX_FD of the kernel: as many as one call takes.
constexpr size_t kBatch = 253;
constexpr size_t kReadSize = 64 * 1024;

struct Header {
  size_t size = 0;
  size_t descriptors = 0;

  size_t batches() const { return (descriptors + kBatch - 1) / kBatch; }
  size_t frame_size() const { return kHeaderSize + batches() + size; }
};

void AppendNumber(size_t number, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}

size_t ReadNumber(const char* bytes) {
  size_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

Header ParseHeader(const std::string& frame) {
  return {ReadNumber(frame.data()), ReadNumber(frame.data() + 4)};
}

void Wipe(std::string& bytes) {
  explicit_bzero(bytes.data(), bytes.size());
  bytes.clear();
}

// False: the deadline has passed.
bool WaitFor(int fd, short events, TimePoint deadline) {
  while (true) {
    const TimePoint now = Clock::now();
    if (now >= deadline) return false;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::min<Duration>(deadline - now, std::chrono::minutes(1)));
    pollfd waiting{.fd = fd, .events = events, .revents = 0};
    if (poll(&waiting, 1, static_cast<int>(left.count())) > 0) return true;
  }
}

IoError ToError(net::WaitOutcome outcome) {
  return outcome == net::WaitOutcome::kTimedOut ? IoError::kTimedOut : IoError::kCancelled;
}

}  // namespace

FdChannel::~FdChannel() {
  Wipe(outgoing_);
  Wipe(incoming_);
}

void FdChannel::Enqueue(ChannelMessage message) {
  const Header header{message.payload.size(), message.descriptors.size()};
  outgoing_.reserve(header.frame_size());
  AppendNumber(header.size, outgoing_);
  AppendNumber(header.descriptors, outgoing_);
  outgoing_.append(header.batches(), '\0');
  outgoing_ += message.payload;
  Wipe(message.payload);
  outgoing_descriptors_ = std::move(message.descriptors);
  sent_ = 0;
}

IoResult FdChannel::TrySend() {
  while (sent_ < outgoing_.size()) {
    const IoResult result = SendSome();
    if (!result.ok()) return result;
  }
  Wipe(outgoing_);
  return IoResult::Ok(0);
}

IoResult FdChannel::SendSome() {
  const size_t batch = sent_ < kHeaderSize ? 0 : std::min(kBatch, outgoing_descriptors_.size());
  size_t size = outgoing_.size() - sent_;
  if (batch > 0) size = 1;
  if (sent_ < kHeaderSize) size = kHeaderSize - sent_;
  iovec bytes{.iov_base = outgoing_.data() + sent_, .iov_len = size};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kBatch * sizeof(int))> control;
  if (batch > 0) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(batch * sizeof(int));
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(batch * sizeof(int));
    for (size_t i = 0; i < batch; ++i) {
      const int fd = outgoing_descriptors_[i].get();
      std::memcpy(CMSG_DATA(rights) + i * sizeof fd, &fd, sizeof fd);
    }
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) {
    if (errno == EAGAIN) events_.writable.Clear();
    return IoResult::FromErrno(errno);
  }
  sent_ += static_cast<size_t>(sent);
  outgoing_descriptors_.erase(outgoing_descriptors_.begin(),
                              outgoing_descriptors_.begin() + static_cast<ptrdiff_t>(batch));
  return IoResult::Ok(static_cast<size_t>(sent));
}

IoResult FdChannel::ReadSome(size_t size) {
  const size_t before = incoming_.size();
  incoming_.resize(before + std::min(size, kReadSize));
  iovec bytes{.iov_base = incoming_.data() + before, .iov_len = incoming_.size() - before};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kBatch * sizeof(int))> control;
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got;
  do {
    got = recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  const int error = errno;
  incoming_.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0) {
    if (error == EAGAIN) events_.readable.Clear();
    return IoResult::FromErrno(error);
  }
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    for (size_t at = 0; at + sizeof(int) <= part->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + at, sizeof fd);
      incoming_descriptors_.emplace_back(fd);
    }
  }
  if (message.msg_flags & MSG_CTRUNC) return IoResult::Failed(IoError::kResources);
  if (incoming_descriptors_.size() > limits_.descriptors)
    return IoResult::Failed(IoError::kProtocol);
  return got == 0 ? IoResult::End() : IoResult::Ok(static_cast<size_t>(got));
}

FdChannel::Received FdChannel::TryReceive() {
  while (true) {
    size_t wanted = kHeaderSize;
    if (incoming_.size() >= kHeaderSize) {
      const Header header = ParseHeader(incoming_);
      if (header.size > limits_.size || header.descriptors > limits_.descriptors)
        return Fail(IoError::kProtocol);
      wanted = header.frame_size();
      if (incoming_.size() == wanted) {
        if (incoming_descriptors_.size() != header.descriptors) return Fail(IoError::kProtocol);
        return TakeMessage(kHeaderSize + header.batches());
      }
      // At once: growing would leave copies behind of what may be keys.
      incoming_.reserve(wanted);
    }
    const IoResult result = ReadSome(wanted - incoming_.size());
    if (result.would_block()) return {result, {}};
    if (result.failed()) return Fail(result.error);
    if (!result.ended()) continue;
    if (incoming_.empty() && incoming_descriptors_.empty()) return {result, {}};
    return Fail(IoError::kTruncated);
  }
}

FdChannel::Received FdChannel::TakeMessage(size_t payload_offset) {
  Received received;
  received.message.payload = incoming_.substr(payload_offset);
  received.message.descriptors = std::exchange(incoming_descriptors_, {});
  Wipe(incoming_);
  return received;
}

FdChannel::Received FdChannel::Fail(IoError error) {
  Wipe(incoming_);
  incoming_descriptors_.clear();
  return {IoResult::Failed(error), {}};
}

IoResult FdChannel::Flush(TimePoint deadline) {
  while (true) {
    const IoResult result = TrySend();
    if (!result.would_block()) return result;
    if (!WaitFor(socket_.get(), POLLOUT, deadline)) return IoResult::Failed(IoError::kTimedOut);
  }
}

IoResult FdChannel::Send(ChannelMessage message, TimePoint deadline) {
  if (const IoResult rest = Flush(deadline); !rest.ok()) return rest;
  Enqueue(std::move(message));
  return Flush(deadline);
}

FdChannel::Received FdChannel::Receive(TimePoint deadline) {
  while (true) {
    Received received = TryReceive();
    if (!received.result.would_block()) return received;
    if (!WaitFor(socket_.get(), POLLIN, deadline)) return Fail(IoError::kTimedOut);
  }
}

net::Task<IoResult> FdChannel::FlushAsync(TimePoint deadline) {
  while (true) {
    const IoResult result = TrySend();
    if (!result.would_block()) co_return result;
    const net::WaitOutcome outcome = co_await net::Wait(deadline, &events_.writable);
    if (outcome != net::WaitOutcome::kReady) co_return IoResult::Failed(ToError(outcome));
  }
}

net::Task<IoResult> FdChannel::SendAsync(ChannelMessage message, TimePoint deadline) {
  const IoResult rest = co_await FlushAsync(deadline);
  if (!rest.ok()) co_return rest;
  Enqueue(std::move(message));
  co_return co_await FlushAsync(deadline);
}

net::Task<FdChannel::Received> FdChannel::ReceiveAsync(TimePoint deadline) {
  while (true) {
    Received received = TryReceive();
    if (!received.result.would_block()) co_return received;
    const net::WaitOutcome outcome = co_await net::Wait(deadline, &events_.readable);
    if (outcome != net::WaitOutcome::kReady) co_return Fail(ToError(outcome));
  }
}

}  // namespace culvert::server
