#include "source/server/take_over_offer.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <utility>

#include "source/base/log.h"
#include "source/base/status.h"
#include "source/base/version.h"
#include "source/net/event_loop.h"
#include "source/server/take_over_message.h"
#include "source/stats/delta.h"

namespace culvert::server {

using net::Task;
using net::Wait;
using net::WaitOutcome;

namespace {

constexpr int kBacklog = 8;
// After an accept that failed for want of descriptors or memory.
constexpr Duration kAcceptPause = std::chrono::seconds(1);

absl::Status Failed(const char* call, const std::string& path) {
  return FailedPrecondition(
      fmt::format("cannot wait for a successor at {}: {}: {}", path, call, std::strerror(errno)));
}

struct UnixAddress {
  sockaddr_storage storage;
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

absl::StatusOr<UnixAddress> AddressOf(const std::string& path) {
  const auto parsed = net::SocketAddress::Parse("unix:" + path);
  if (!parsed.ok()) return parsed.status();
  UnixAddress address;
  parsed->ToSockaddr(&address.storage, &address.length);
  return address;
}

bool SomebodyListens(const UnixAddress& address) {
  const net::Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // A full queue (EAGAIN) is somebody's too.
  return connect(probe.get(), address.get(), address.length) == 0 || errno == EAGAIN;
}

ucred CredentialsOf(int fd) {
  ucred credentials{.pid = 0, .uid = static_cast<uid_t>(-1), .gid = static_cast<gid_t>(-1)};
  socklen_t length = sizeof credentials;
  getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length);
  return credentials;
}

ChannelMessage RefusedMessage(std::string_view reason) {
  take_over::Message message;
  message.mutable_refused()->set_reason(std::string(reason));
  return ToChannel(message);
}

ChannelMessage ReleasedMessage() {
  take_over::Message message;
  message.mutable_released();
  return ToChannel(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TakeOverOffer>> TakeOverOffer::Listen(Options options,
                                                                     const stats::Registry& stats,
                                                                     Host& host,
                                                                     net::Scope& scope) {
  auto offer =
      std::unique_ptr<TakeOverOffer>(new TakeOverOffer(std::move(options), stats, host, scope));
  if (absl::Status bound = offer->Bind(); !bound.ok()) return bound;
  net::Spawn(offer->scope_, offer->Run(), [] {});
  return offer;
}

TakeOverOffer::~TakeOverOffer() { Stop(); }

absl::Status TakeOverOffer::Bind() {
  const std::string path = TakeOverPath(options_.state_directory);
  const std::string fresh = fmt::format("{}.{}", path, getpid());
  const auto address = AddressOf(path);
  const auto fresh_address = AddressOf(fresh);
  if (!fresh_address.ok()) return fresh_address.status();
  if (!options_.replaces && SomebodyListens(*address)) {
    return FailedPrecondition(
        fmt::format("another process runs with the state directory {}; stop it, or start this one "
                    "with --take-over",
                    options_.state_directory));
  }
  unlink(fresh.c_str());
  net::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Failed("socket", path);
  if (bind(fd.get(), fresh_address->get(), fresh_address->length) != 0) return Failed("bind", path);
  // Nobody can connect before it listens, and the name is there from one moment to the next: a
  // process that looks for its predecessor finds this one or the one before.
  if (chmod(fresh.c_str(), 0600) != 0 || listen(fd.get(), kBacklog) != 0 ||
      lstat(fresh.c_str(), &file_) != 0 || rename(fresh.c_str(), path.c_str()) != 0) {
    absl::Status failed = Failed("listen", path);
    unlink(fresh.c_str());
    return failed;
  }
  if (!scope_.loop().Watch(fd.get(), listener_events_)) return Failed("epoll", path);
  listener_ = std::move(fd);
  return absl::OkStatus();
}

void TakeOverOffer::CloseListener() {
  if (!listener_.valid()) return;
  listener_.Close();
  const std::string path = TakeOverPath(options_.state_directory);
  struct stat now;
  // A successor puts its own in its place.
  if (!released_ && lstat(path.c_str(), &now) == 0 && now.st_dev == file_.st_dev &&
      now.st_ino == file_.st_ino)
    unlink(path.c_str());
}

void TakeOverOffer::Stop() {
  if (released_) return;
  scope_.Cancel(net::CancelReason::kShutdown);
  CloseListener();
}

Task<void> TakeOverOffer::Run() {
  while (!released_) {
    net::Fd peer = co_await Accept();
    if (!peer.valid()) co_return;
    co_await Attempt(std::move(peer));
  }
  co_await SendCounters();
}

Task<net::Fd> TakeOverOffer::Accept() {
  while (!scope_.cancelled()) {
    net::Fd peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (peer.valid()) {
      const ucred credentials = CredentialsOf(peer.get());
      if (credentials.uid == geteuid()) co_return peer;
      log::Warning(log::kTakeOver, "process {} of user {} wants to take over: another user may not",
                   credentials.pid, credentials.uid);
    } else if (errno == EAGAIN) {
      listener_events_.readable.Clear();
      co_await Wait(kNever, &listener_events_.readable);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      co_await net::SleepUntil(scope_.loop().now() + kAcceptPause);
    }
  }
  co_return net::Fd();
}

Task<void> TakeOverOffer::Attempt(net::Fd peer) {
  const pid_t pid = CredentialsOf(peer.get()).pid;
  auto channel = std::make_unique<FdChannel>(std::move(peer), kLimitsOfRequest);
  if (!channel->Watch(scope_.loop())) co_return;
  const std::string unfit = co_await Meet(*channel);
  if (!unfit.empty()) {
    log::Warning(log::kTakeOver, "process {} does not take over: {}", pid, unfit);
    co_return;
  }
  const TimePoint refusal_deadline = After(scope_.loop().now(), options_.send_timeout);
  absl::StatusOr<TakeOverState> state = host_.MakeOffer();
  if (!state.ok()) {
    log::Warning(log::kTakeOver, "process {} does not take over: {}", pid, Message(state.status()));
    co_await channel->SendAsync(RefusedMessage(Message(state.status())), refusal_deadline);
    co_return;
  }
  log::Info(log::kTakeOver, "process {} begins to take over", pid);
  std::vector<net::SocketAddress> taken;
  const std::string why = co_await HandOver(*channel, *std::move(state), taken);
  if (!why.empty()) {
    log::Warning(log::kTakeOver, "process {} does not take over: {}; this one goes on", pid, why);
    told_.clear();
    unsent_.clear();
    host_.Abandoned(why);
    co_return;
  }
  log::Info(log::kTakeOver, "process {} has taken over", pid);
  released_ = true;
  CloseListener();
  successor_ = std::move(channel);
  host_.Release(taken, pid);
}

Task<std::string> TakeOverOffer::Meet(FdChannel& channel) {
  FdChannel::Received received =
      co_await channel.ReceiveAsync(After(scope_.loop().now(), options_.hello_timeout));
  if (!received.result.ok()) co_return std::string(Explain(received.result));
  const take_over::Message message = ParseMessage(received.message.payload);
  if (!message.has_hello()) co_return "it sent a malformed message";
  if (message.hello().protocol() == kTakeOverProtocol) co_return "";
  const std::string why = fmt::format(
      "it speaks version {} of the take-over protocol and this process version {}; "
      "stop and start instead",
      message.hello().protocol(), kTakeOverProtocol);
  co_await channel.SendAsync(RefusedMessage(why),
                             After(scope_.loop().now(), options_.send_timeout));
  co_return why;
}

Task<std::string> TakeOverOffer::HandOver(FdChannel& channel, TakeOverState state,
                                          std::vector<net::SocketAddress>& taken) {
  const TimePoint ready_deadline = After(scope_.loop().now(), options_.ready_timeout);
  state.program_version = kVersion;
  auto offer = OfferMessage(std::move(state));
  if (!offer.ok()) {
    const std::string why(Message(offer.status()));
    co_await channel.SendAsync(RefusedMessage(why), ready_deadline);
    co_return why;
  }
  const net::IoResult sent = co_await channel.SendAsync(*std::move(offer), ready_deadline);
  if (!sent.ok()) co_return std::string(Explain(sent));
  FdChannel::Received received = co_await channel.ReceiveAsync(ready_deadline);
  if (!received.result.ok()) co_return std::string(Explain(received.result));
  const take_over::Message answer = ParseMessage(received.message.payload);
  if (answer.has_failed()) co_return answer.failed().reason();
  auto addresses = TakenOf(answer.ready());
  if (!answer.has_ready() || !addresses.ok()) co_return "it sent a malformed message";
  taken = *std::move(addresses);

  unsent_.push_back(ReleasedMessage());
  TakeCounters();
  const TimePoint deadline = After(scope_.loop().now(), options_.send_timeout);
  while (!unsent_.empty()) {
    ChannelMessage next = std::move(unsent_.front());
    unsent_.pop_front();
    const net::IoResult told = co_await channel.SendAsync(std::move(next), deadline);
    if (!told.ok()) co_return std::string(Explain(told));
  }
  co_return "";
}

Task<void> TakeOverOffer::SendCounters() {
  while (true) {
    TakeCounters();
    while (!unsent_.empty()) {
      ChannelMessage next = std::move(unsent_.front());
      unsent_.pop_front();
      // A cancelled one stays in the channel, and Finish() goes on with it.
      const TimePoint deadline = After(scope_.loop().now(), options_.send_timeout);
      const net::IoResult sent = co_await successor_->SendAsync(std::move(next), deadline);
      if (sent.error == net::IoError::kCancelled) co_return;
      if (!sent.ok()) {
        log::Warning(log::kTakeOver, "the successor gets no more counters: {}", Explain(sent));
        successor_.reset();
        co_return;
      }
    }
    const WaitOutcome outcome =
        co_await net::SleepUntil(After(scope_.loop().now(), options_.counter_interval));
    if (outcome == WaitOutcome::kCancelled) co_return;
  }
}

void TakeOverOffer::TakeCounters() {
  stats::Snapshot now = stats_.Read();
  std::ranges::move(CountersMessages(stats::CountedSince(told_, now)), std::back_inserter(unsent_));
  told_ = std::move(now);
}

void TakeOverOffer::Finish(TimePoint deadline) {
  if (successor_ == nullptr) return;
  TakeCounters();
  while (!unsent_.empty()) {
    if (!successor_->Send(std::move(unsent_.front()), deadline).ok()) break;
    unsent_.pop_front();
  }
  successor_.reset();
}

}  // namespace culvert::server
