#include "source/net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace culvert::net {
namespace {

constexpr int kBatch = 256;

int MillisecondsUntil(TimePoint when, TimePoint now) {
  if (when <= now) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - now).count();
  return static_cast<int>(std::min<int64_t>(left, 60'000));
}

}  // namespace

void FdEvents::OnEvents(uint32_t events) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) hung_up = true;
  if (events & EPOLLPRI) urgent = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable.Signal();
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) writable.Signal();
}

EventLoop::EventLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      now_(Clock::now()),
      timers_(now_) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // the wake-up descriptor is the one without FdEvents
  if (!epoll_.valid() || !wake_.valid() ||
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    std::perror("event loop: epoll or eventfd");
    std::abort();
  }
}

EventLoop::~EventLoop() = default;

bool EventLoop::Watch(int fd, FdEvents& events) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &events;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::Unwatch(int fd) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::Post(std::function<void()> function) {
  bool wake;
  {
    std::lock_guard lock(mutex_);
    wake = posted_.empty();
    posted_.push_back(std::move(function));
  }
  if (wake) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
  }
}

void EventLoop::Stop() {
  Post([this] { stop_ = true; });
}

void EventLoop::RunPosted() {
  uint64_t count;
  [[maybe_unused]] const ssize_t got = read(wake_.get(), &count, sizeof count);
  std::vector<std::function<void()>> functions;
  {
    std::lock_guard lock(mutex_);
    functions.swap(posted_);
  }
  for (auto& function : functions) function();
}

void EventLoop::Drain() {
  // What becomes ready meanwhile waits for the next round, so that a busy pair cannot starve the
  // others.
  running_.swap(ready_);
  for (std::coroutine_handle<> coroutine : running_) coroutine.resume();
  running_.clear();
}

void EventLoop::RunOnce(TimePoint deadline) {
  TimePoint until = deadline;
  if (const auto expiry = timers_.NextExpiry()) until = std::min(until, *expiry);
  std::array<epoll_event, kBatch> events;
  const int timeout = !ready_.empty()   ? 0
                      : until == kNever ? -1
                                        : MillisecondsUntil(until, Clock::now());
  const int count = epoll_wait(epoll_.get(), events.data(), kBatch, timeout);
  now_ = Clock::now();
  bool posted = false;
  for (int i = 0; i < count; ++i) {
    if (events[i].data.ptr == nullptr) {
      posted = true;
    } else {
      static_cast<FdEvents*>(events[i].data.ptr)->OnEvents(events[i].events);
    }
  }
  timers_.Advance(now_);
  // Coroutines first: a descriptor whose event was handed on above may be closed by what was
  // posted.
  Drain();
  if (posted) RunPosted();
}

void EventLoop::Run() {
  while (!stop_) RunOnce(kNever);
}

}  // namespace culvert::net
