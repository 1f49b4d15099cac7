#include "source/net/wait.h"

#include <cassert>

#include "source/net/event_loop.h"

namespace culvert::net {

bool Wait::Suspend(std::coroutine_handle<> coroutine, Scope& scope) {
  if (scope.cancelled()) {
    outcome_ = WaitOutcome::kCancelled;
    return false;
  }
  for (int i = 0; i < count_; ++i) {
    if (events_[i]->ready_) return false;
  }
  loop_ = &scope.loop();
  if (deadline_ != kNever && deadline_ <= loop_->now()) {
    outcome_ = WaitOutcome::kTimedOut;
    return false;
  }
  coroutine_ = coroutine;
  attached_ = true;
  for (int i = 0; i < count_; ++i) {
    assert(events_[i]->waiter_ == nullptr || events_[i]->waiter_ == this);
    events_[i]->waiter_ = this;
  }
  loop_->timers().Arm(*this, deadline_);
  Enter(scope);
  return true;
}

void Wait::Complete(WaitOutcome outcome) {
  Detach();
  outcome_ = outcome;
  loop_->Resume(coroutine_);
}

void Wait::Detach() {
  if (!attached_) return;
  attached_ = false;
  for (int i = 0; i < count_; ++i) events_[i]->waiter_ = nullptr;
  Disarm();
  Leave();
}

}  // namespace culvert::net
