// Runs tasks to their end on a loop of the test's own thread.
#ifndef CULVERT_TEST_NET_TASK_RUNNER_H_
#define CULVERT_TEST_NET_TASK_RUNNER_H_

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>

#include "source/base/time.h"
#include "source/net/event_loop.h"
#include "source/net/scope.h"
#include "source/net/task.h"

namespace culvert::net {

// Runs the loop until `condition` holds. False if it does not within ten seconds.
template <class Condition>
bool RunUntil(EventLoop& loop, Condition condition) {
  const TimePoint end = Clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (Clock::now() >= end) return false;
    loop.RunOnce(end);
  }
  return true;
}

// A task that runs in a scope of its own, from the start. Cancelled and waited for at the end.
template <class T>
class Running {
 public:
  Running(EventLoop& loop, Task<T> task) : scope_(loop) {
    Spawn(scope_, Keep(std::move(task), &result_), [this] { done_ = true; });
  }
  ~Running() {
    scope_.Cancel(CancelReason::kShutdown);
    EXPECT_TRUE(RunUntil(scope_.loop(), [this] { return done_; })) << "the task does not end";
  }

  bool done() const { return done_; }
  Scope& scope() { return scope_; }

  // Runs the loop until the task has ended.
  T& Wait() {
    EXPECT_TRUE(RunUntil(scope_.loop(), [this] { return done_; })) << "the task does not end";
    if (!result_) result_.emplace();
    return *result_;
  }

 private:
  static Task<void> Keep(Task<T> task, std::optional<T>* result) {
    T value = co_await task;
    result->emplace(std::move(value));
  }

  Scope scope_;
  std::optional<T> result_;
  bool done_ = false;
};

// Runs one task to its end.
template <class T>
T RunTask(EventLoop& loop, Task<T> task) {
  Running<T> running(loop, std::move(task));
  return std::move(running.Wait());
}

}  // namespace culvert::net

#endif  // CULVERT_TEST_NET_TASK_RUNNER_H_
