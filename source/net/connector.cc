#include "source/net/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "source/net/event_loop.h"
#include "source/net/fd.h"
#include "source/net/wait.h"

namespace culvert::net {
namespace {

// As many as one Wait takes.
constexpr size_t kMaxAtATime = 4;

IoError ConnectError(int error) {
  // No local port is free, or the queue of a listening unix socket is full.
  if (error == EAGAIN) return IoError::kResources;
  return IoErrorFromErrno(error);
}

constexpr IoError kMostTellingFirst[] = {IoError::kRefused, IoError::kReset, IoError::kUnreachable,
                                         IoError::kTimedOut, IoError::kResources};

bool SaysMore(IoError failure, IoError than) {
  return than == IoError::kNone ||
         std::ranges::find(kMostTellingFirst, failure) < std::ranges::find(kMostTellingFirst, than);
}

// A connection that is being made, or has just been.
struct Attempt {
  std::unique_ptr<SocketStream> stream;
  size_t candidate = 0;
  IoError failure = IoError::kNone;
  bool pending = false;

  bool running() const { return stream != nullptr; }
};

Attempt Start(EventLoop& loop, const SocketAddress& address, size_t candidate, bool no_delay) {
  Attempt attempt;
  attempt.candidate = candidate;
  sockaddr_storage storage;
  socklen_t length;
  address.ToSockaddr(&storage, &length);
  Fd fd(socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    attempt.failure = ConnectError(errno);
    return attempt;
  }
  if (no_delay && address.is_ip()) {
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    if (errno != EINPROGRESS) {
      attempt.failure = ConnectError(errno);
      return attempt;
    }
    attempt.pending = true;
  }
  // Watched only now: before connect() the socket counts as hung up. That it has been connected
  // meanwhile is not missed, since adding a descriptor reports the state that it is in.
  attempt.stream = SocketStream::Create(loop, std::move(fd));
  if (attempt.stream == nullptr) attempt.failure = IoError::kResources;
  if (attempt.stream != nullptr && attempt.pending) attempt.stream->writable().Clear();
  return attempt;
}

// The attempts of one Connect. Lives in its frame: nothing is allocated but the streams.
class Race {
 public:
  Race(EventLoop& loop, const std::vector<SocketAddress>& candidates, const ConnectOptions& options)
      : loop_(loop), candidates_(candidates), options_(options) {}

  // Starts what is due. True when it is over.
  bool StartDue() {
    while (next_ < candidates_.size() && (running_ == 0 || loop_.now() >= next_start_)) {
      if (running_ == kMaxAtATime) Fail(Oldest(), IoError::kTimedOut);
      Attempt& slot = *std::ranges::find(attempts_, false, &Attempt::running);
      slot = Start(loop_, candidates_[next_], next_, options_.no_delay);
      ++next_;
      ++running_;
      if (slot.failure != IoError::kNone) {
        Fail(slot, slot.failure);
      } else if (!slot.pending) {
        return Win(slot);
      } else {
        next_start_ = After(loop_.now(), options_.attempt_delay);
      }
    }
    return running_ == 0;
  }

  // Looks at those whose sockets have said something. True when it is over.
  bool FinishReady() {
    for (Attempt& attempt : attempts_) {
      if (!attempt.running() || !attempt.stream->writable().ready()) continue;
      int error = 0;
      socklen_t length = sizeof error;
      getsockopt(attempt.stream->fd(), SOL_SOCKET, SO_ERROR, &error, &length);
      if (error == 0) return Win(attempt);
      Fail(attempt, ConnectError(error));
      next_start_ = loop_.now();
    }
    return false;
  }

  // When there is something to do even if no socket says anything.
  TimePoint NextTime() const {
    return next_ < candidates_.size() ? std::min(next_start_, options_.deadline)
                                      : options_.deadline;
  }

  Readiness* Interest(size_t slot) {
    SocketStream* stream = attempts_[slot].stream.get();
    return stream == nullptr ? nullptr : &stream->writable();
  }

  // Ends all that still run. Cancelled, the failures of the others no longer matter.
  void GiveUp(IoError failure) {
    for (Attempt& attempt : attempts_) {
      if (attempt.running()) Fail(attempt, failure);
    }
    if (failure == IoError::kCancelled) result_.failure = failure;
  }

  ConnectResult TakeResult() {
    result_.attempts = next_;
    if (candidates_.empty()) result_.failure = IoError::kUnreachable;
    return std::move(result_);
  }

 private:
  bool Win(Attempt& attempt) {
    result_.stream = std::move(attempt.stream);
    result_.address = candidates_[attempt.candidate];
    result_.failure = IoError::kNone;
    return true;
  }

  void Fail(Attempt& attempt, IoError failure) {
    attempt.stream.reset();
    --running_;
    if (!SaysMore(failure, result_.failure)) return;
    result_.failure = failure;
    result_.address = candidates_[attempt.candidate];
  }

  // Requires that all run.
  Attempt& Oldest() { return *std::ranges::min_element(attempts_, {}, &Attempt::candidate); }

  EventLoop& loop_;
  const std::vector<SocketAddress>& candidates_;
  const ConnectOptions& options_;
  std::array<Attempt, kMaxAtATime> attempts_;
  size_t running_ = 0;
  size_t next_ = 0;
  TimePoint next_start_ = TimePoint::min();
  ConnectResult result_;
};

}  // namespace

std::vector<IpAddress> SortForHappyEyeballs(std::vector<IpAddress> addresses) {
  std::vector<IpAddress> v6;
  std::vector<IpAddress> v4;
  for (const IpAddress& address : addresses) (address.is_v6() ? v6 : v4).push_back(address);
  addresses.clear();
  for (size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
    if (i < v6.size()) addresses.push_back(v6[i]);
    if (i < v4.size()) addresses.push_back(v4[i]);
  }
  return addresses;
}

Task<ConnectResult> Connect(std::vector<SocketAddress> candidates, ConnectOptions options) {
  Scope& scope = co_await CurrentScope();
  Race race(scope.loop(), candidates, options);
  while (!race.StartDue()) {
    const WaitOutcome outcome = co_await Wait(race.NextTime(), race.Interest(0), race.Interest(1),
                                              race.Interest(2), race.Interest(3));
    if (outcome == WaitOutcome::kCancelled) {
      race.GiveUp(IoError::kCancelled);
      break;
    }
    if (race.FinishReady()) break;
    if (outcome == WaitOutcome::kTimedOut && scope.loop().now() >= options.deadline) {
      race.GiveUp(IoError::kTimedOut);
      break;
    }
  }
  co_return race.TakeResult();
}

}  // namespace culvert::net
