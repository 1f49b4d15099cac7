// The coroutine type of the project. A Task starts when it is awaited, runs on the loop's thread,
// and hands its scope down to what it awaits, so that cancelling reaches the innermost wait without
// being passed along.
//
// Rules that keep coroutines safe: parameters by value, or references to what outlives the task; no
// lambda with captures that is a coroutine; no co_await inside a conditional expression; failures
// of peers are values.
#ifndef CULVERT_SOURCE_NET_TASK_H_
#define CULVERT_SOURCE_NET_TASK_H_

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "source/net/scope.h"

namespace culvert::net {

namespace internal {

class PromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().continuation ? self.promise().continuation : std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }

  std::coroutine_handle<> continuation;
  Scope* scope = nullptr;
};

template <class T>
class Promise : public PromiseBase {
 public:
  std::coroutine_handle<Promise> get_return_object() {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T Take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  std::coroutine_handle<Promise> get_return_object() {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }
  void return_void() {}
  void Take() {}
};

}  // namespace internal

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;

  // NOLINTNEXTLINE(google-explicit-constructor): the compiler makes it from what the promise gives.
  Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Starts the task. It runs inside this call until it waits for something; where it never does,
  // the awaiting coroutine goes on without having been suspended, and the stack does not grow
  // however often that happens.
  bool await_ready() const noexcept { return false; }
  template <class Parent>
  bool await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    handle_.promise().scope = parent.promise().scope;
    handle_.resume();
    if (handle_.done()) return false;
    handle_.promise().continuation = parent;
    return true;
  }
  T await_resume() { return handle_.promise().Take(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace internal {

// A coroutine that nobody awaits: it owns itself and is gone when it ends.
struct Detached {
  struct promise_type {
    template <class... Arguments>
    explicit promise_type(Scope& task_scope, Arguments&...) : scope(&task_scope) {}
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
    Scope* scope;
  };
};

template <class OnDone>
Detached RunDetached(Scope&, Task<void> task, OnDone on_done) {
  {
    Task<void> running = std::move(task);  // gone, with its parameters, before on_done
    co_await running;
  }
  on_done();
}

}  // namespace internal

// Starts `task` in `scope`, which must live until `on_done` is called. Runs inside this call until
// the task first waits. The task and its parameters are gone when `on_done` runs, so that it may
// destroy the scope and whatever the task was about.
template <class OnDone>
void Spawn(Scope& scope, Task<void> task, OnDone on_done) {
  internal::RunDetached(scope, std::move(task), std::move(on_done));
}

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_TASK_H_
