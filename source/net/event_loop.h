// The event loop of one worker: descriptors by epoll (edge-triggered, registered once), timers by a
// wheel, functions posted from other threads, and coroutines that are ready to go on. Owned by its
// thread; only Post() and Stop() may be called from others.
#ifndef CULVERT_SOURCE_NET_EVENT_LOOP_H_
#define CULVERT_SOURCE_NET_EVENT_LOOP_H_

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "source/base/time.h"
#include "source/net/fd.h"
#include "source/net/scratch.h"
#include "source/net/timer_wheel.h"
#include "source/net/wait.h"

namespace culvert::net {

// The two conditions of one descriptor. Lives as long as the descriptor is watched.
class FdEvents {
 public:
  // Ready until a call says otherwise: most first tries succeed.
  Readiness readable{true};
  Readiness writable{true};
  // The peer has closed its side, or all of it: reads go on until they say so themselves.
  bool hung_up = false;
  // The peer has sent urgent data: reads stop short at it although more has come.
  bool urgent = false;

 private:
  friend class EventLoop;
  void OnEvents(uint32_t events);
};

class EventLoop {
 public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // Runs until Stop(). Work that was posted before Stop() is done first.
  void Run();
  void Stop();

  // One round: waits until `deadline` at most, then handles what has happened. For tests and for
  // Run().
  void RunOnce(TimePoint deadline);

  // Runs `function` on the loop's thread, in the order of the calls. From any thread.
  void Post(std::function<void()> function);

  // Lets `coroutine` go on in this round.
  void Resume(std::coroutine_handle<> coroutine) { ready_.push_back(coroutine); }

  // Watches `fd` until it is closed. `events` must live until then. A duplicate that outlives `fd`
  // (dup, fork, a descriptor passed on) would keep it watched: see Unwatch.
  // False where the kernel refuses (out of memory, fs.epoll.max_user_watches).
  bool Watch(int fd, FdEvents& events);
  // For a descriptor that has duplicates after all: to be called before it is closed.
  void Unwatch(int fd);

  // The time of this round: cheap, and the same for all that happens in it.
  TimePoint now() const { return now_; }
  TimerWheel& timers() { return timers_; }
  Scratch& scratch() { return scratch_; }

 private:
  void Drain();
  void RunPosted();

  Fd epoll_;
  Fd wake_;
  TimePoint now_;
  TimerWheel timers_;
  std::vector<std::coroutine_handle<>> ready_;
  std::vector<std::coroutine_handle<>> running_;
  Scratch scratch_;
  std::atomic<bool> stop_ = false;

  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_EVENT_LOOP_H_
