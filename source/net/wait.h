// What a coroutine waits for. A Readiness is one condition (a socket has bytes, a name was
// resolved); a Wait suspends the coroutine until one of up to four of them holds, a deadline
// passes, or the scope is cancelled. All on the loop's thread. A coroutine is resumed by the loop
// only, never from inside Signal().
#ifndef CULVERT_SOURCE_NET_WAIT_H_
#define CULVERT_SOURCE_NET_WAIT_H_

#include <array>
#include <coroutine>
#include <cstdint>

#include "source/base/time.h"
#include "source/net/scope.h"
#include "source/net/timer_wheel.h"

namespace culvert::net {

class Wait;

class Readiness {
 public:
  explicit Readiness(bool ready = false) : ready_(ready) {}
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  bool ready() const { return ready_; }
  // It holds now; whoever waits is resumed soon.
  void Signal();
  // It no longer holds: found out by trying.
  void Clear() { ready_ = false; }

 private:
  friend class Wait;
  bool ready_;
  Wait* waiter_ = nullptr;  // one at a time
};

enum class WaitOutcome : uint8_t { kReady, kTimedOut, kCancelled };

// `co_await Wait(deadline, &a, &b)`. Null pointers are passed over; with no readiness at all it
// sleeps until the deadline. (No initializer list: g++ 12 cannot keep one across a co_await.)
class Wait final : private Cancellable, private Timer {
 public:
  explicit Wait(TimePoint deadline, Readiness* a = nullptr, Readiness* b = nullptr,
                Readiness* c = nullptr, Readiness* d = nullptr)
      : deadline_(deadline) {
    Add(a);
    Add(b);
    Add(c);
    Add(d);
  }
  ~Wait() override { Detach(); }

  // Not even where an event holds: a cancelled scope is worth more, and only Suspend() knows it.
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    return Suspend(coroutine, *coroutine.promise().scope);
  }
  WaitOutcome await_resume() const noexcept { return outcome_; }

 private:
  friend class Readiness;
  void Add(Readiness* event) {
    if (event != nullptr) events_[count_++] = event;
  }
  bool Suspend(std::coroutine_handle<> coroutine, Scope& scope);
  void Complete(WaitOutcome outcome);
  void Detach();
  void OnTimer() override { Complete(WaitOutcome::kTimedOut); }
  void OnCancel(CancelReason) override { Complete(WaitOutcome::kCancelled); }

  std::array<Readiness*, 4> events_;
  uint8_t count_ = 0;
  bool attached_ = false;
  WaitOutcome outcome_ = WaitOutcome::kReady;
  EventLoop* loop_ = nullptr;
  std::coroutine_handle<> coroutine_;
  TimePoint deadline_;
};

inline void Readiness::Signal() {
  ready_ = true;
  if (waiter_ != nullptr) waiter_->Complete(WaitOutcome::kReady);
}

// `Scope& scope = co_await CurrentScope();`
struct CurrentScope {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) noexcept {
    scope = coroutine.promise().scope;
    return false;
  }
  Scope& await_resume() const noexcept { return *scope; }
  Scope* scope = nullptr;
};

// Ends the wait at `when`, or earlier if the scope is cancelled.
inline Wait SleepUntil(TimePoint when) { return Wait(when); }

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_WAIT_H_
