#include "source/server/take_over_request.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "source/base/log.h"
#include "source/base/status.h"
#include "source/base/version.h"
#include "source/server/take_over_message.h"

namespace culvert::server {
namespace {

// The old process says something once a second.
constexpr Duration kSilence = std::chrono::seconds(60);

absl::Status NoAnswer(std::string_view what) {
  return Unavailable(fmt::format("cannot take over from the running process: {}", what));
}

// connect() waits while the queue is full, for as long as one may write.
void LimitConnect(int fd, TimePoint deadline) {
  const auto left = std::max<Duration>(deadline - Clock::now(), std::chrono::milliseconds(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(left - seconds);
  const timeval timeout{.tv_sec = seconds.count(), .tv_usec = rest.count()};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

absl::StatusOr<net::Fd> Connect(const std::string& path, TimePoint deadline) {
  const auto address = net::SocketAddress::Parse("unix:" + path);
  if (!address.ok()) return address.status();
  sockaddr_storage storage;
  socklen_t length = 0;
  address->ToSockaddr(&storage, &length);
  net::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return FailedPrecondition(fmt::format("socket: {}", std::strerror(errno)));
  LimitConnect(fd.get(), deadline);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) {
      return NotFound(fmt::format("there is no process to take over from at {}", path));
    }
    return Unavailable(fmt::format("cannot take over at {}: {}", path, std::strerror(errno)));
  }
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  return fd;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TakeOverRequest>> TakeOverRequest::Begin(
    const std::string& state_directory, TimePoint deadline) {
  const std::string path = TakeOverPath(state_directory);
  auto fd = Connect(path, deadline);
  if (!fd.ok()) return fd.status();
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(fd->get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 ||
      peer.uid != geteuid()) {
    return FailedPrecondition(fmt::format(
        "the process at {} belongs to user {}; only the same user may take over", path, peer.uid));
  }
  auto channel = std::make_unique<FdChannel>(*std::move(fd), kLimitsOfOffer);
  auto request = std::unique_ptr<TakeOverRequest>(new TakeOverRequest(std::move(channel)));
  if (absl::Status asked = request->Ask(deadline); !asked.ok()) return asked;
  request->state_.pid = peer.pid;
  return request;
}

TakeOverRequest::~TakeOverRequest() = default;

absl::Status TakeOverRequest::Ask(TimePoint deadline) {
  take_over::Message message;
  message.mutable_hello()->set_protocol(kTakeOverProtocol);
  message.mutable_hello()->set_program_version(std::string(kVersion));
  if (const auto sent = channel_->Send(ToChannel(message), deadline); !sent.ok())
    return NoAnswer(Explain(sent));
  FdChannel::Received received = channel_->Receive(deadline);
  if (!received.result.ok()) return NoAnswer(Explain(received.result));
  take_over::Message answer = ParseMessage(received.message.payload);
  if (answer.has_refused()) return NoAnswer(answer.refused().reason());
  if (!answer.has_offer()) return NoAnswer("it sent a malformed message");
  auto state = StateOf(*answer.mutable_offer(), std::move(received.message.descriptors));
  if (!state.ok()) return NoAnswer(Message(state.status()));
  state_ = *std::move(state);
  return absl::OkStatus();
}

absl::Status TakeOverRequest::Commit(std::span<const net::SocketAddress> taken,
                                     stats::Registry& stats, TimePoint deadline) {
  deadline = std::max(deadline, Clock::now() + kCommitTimeout);
  stats_ = &stats;
  state_.listeners = {};
  state_.admin = {};
  absl::Status status;
  if (const auto sent = channel_->Send(ReadyMessage(taken), deadline); !sent.ok()) {
    status = NoAnswer(Explain(sent));
  } else {
    status = AwaitRelease(deadline);
  }
  committed_ = status.ok();
  if (!committed_) channel_.reset();
  return status;
}

absl::Status TakeOverRequest::AwaitRelease(TimePoint deadline) {
  bool released = false;
  while (true) {
    FdChannel::Received received = channel_->Receive(deadline);
    if (!received.result.ok()) return NoAnswer(Explain(received.result));
    const take_over::Message message = ParseMessage(received.message.payload);
    if (message.has_released() && !released) {
      released = true;
    } else if (message.has_counters() && released) {
      Import(message.counters());
      if (!message.counters().more()) return absl::OkStatus();
    } else {
      return NoAnswer("it sent a malformed message");
    }
  }
}

void TakeOverRequest::GiveUp(std::string_view why) {
  if (channel_ == nullptr || committed_) return;
  take_over::Message message;
  message.mutable_failed()->set_reason(std::string(why));
  // The old process reads while it waits, so there is room for one short message.
  channel_->Send(ToChannel(message), Clock::now());
  channel_.reset();
}

void TakeOverRequest::Follow(net::Scope& scope, std::function<void()> on_gone) {
  net::Spawn(scope, AddCounters(), [this, on_gone = std::move(on_gone)] {
    channel_.reset();
    on_gone();
  });
}

net::Task<void> TakeOverRequest::AddCounters() {
  net::Scope& scope = co_await net::CurrentScope();
  if (!channel_->Watch(scope.loop())) co_return;
  while (true) {
    FdChannel::Received received =
        co_await channel_->ReceiveAsync(After(scope.loop().now(), kSilence));
    if (received.result.ended() || received.result.error == net::IoError::kCancelled) co_return;
    if (!received.result.ok()) {
      log::Warning(log::kTakeOver, "no more counters of process {}: {}", state_.pid,
                   Explain(received.result));
      co_return;
    }
    const take_over::Message message = ParseMessage(received.message.payload);
    if (message.has_counters()) Import(message.counters());
  }
}

void TakeOverRequest::Import(const take_over::Counters& counters) {
  const size_t passed_over = stats_->Import(CountedOf(counters));
  if (passed_over > 0) {
    log::Warning(log::kTakeOver,
                 "{} counters of process {} do not fit with those of this version and are lost",
                 passed_over, state_.pid);
  }
}

}  // namespace culvert::server
