// One call of the API as its handler sees it: who calls, until when it may last, and the ways to
// wait without outlasting either the caller or the process. On the call's gRPC thread, for as long
// as the handler runs.
#ifndef CULVERT_SOURCE_ADMIN_CALL_H_
#define CULVERT_SOURCE_ADMIN_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "source/admin/backend.h"
#include "source/base/time.h"

namespace culvert::admin {

class Call {
 public:
  // A call lasts until the client's deadline: one that answers, where it has none, for 30 s; one
  // that watches until the client cancels it.
  enum class Kind : uint8_t { kAnswer, kWatch };

  Call(const Backend& backend, const grpc::ServerContext& context, Kind kind = Kind::kAnswer);

  // `uid 0`, `CN=alice`
  const std::string& caller() const { return caller_; }

  // The caller has gone, the deadline has passed, or the process ends.
  bool ended() const;
  // Which of them, or that the server could not be reached: for a handler that got nothing.
  grpc::Status Unanswered() const;

  // As Control::OnMain. Nothing: see Unanswered().
  template <class Function>
  auto OnMain(Function function) const {
    return backend_.control.OnMain(std::min(deadline_, After(Clock::now(), kPatience)),
                                   std::move(function));
  }

  // For what has to be undone when the call is over, however it ended.
  template <class Function>
  static void Undo(const Backend& backend, Function function) {
    backend.control.OnMain(Clock::now() + kPatience, std::move(function));
  }

  // Waits until `ready()`, which is looked at under `lock` and after each notification of
  // `changed`. False: not by `until`, or the call has ended.
  template <class Ready>
  bool Wait(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
            TimePoint until, Ready ready) const {
    while (true) {
      const TimePoint next = std::min({until, deadline_, Clock::now() + kLookForCaller});
      if (changed.wait_until(lock, backend_.stop, next, ready)) return true;
      // gRPC has locks of its own.
      lock.unlock();
      const bool over = ended() || Clock::now() >= until;
      lock.lock();
      if (over) return ready();
    }
  }

  // False: the call has ended.
  bool SleepUntil(TimePoint until) const;

  // What `start(done)` hands to `done`, once and on any thread, at once or later. Nothing: the call
  // has ended, and `done` may still be called.
  template <class Result, class Start>
  std::optional<Result> Await(Start start) const {
    struct Answer {
      std::mutex mutex;
      std::condition_variable_any changed;
      std::optional<Result> result;
    };
    auto answer = std::make_shared<Answer>();
    start([answer](Result result) {
      const std::scoped_lock lock(answer->mutex);
      answer->result = std::move(result);
      answer->changed.notify_all();
    });
    std::unique_lock lock(answer->mutex);
    Wait(lock, answer->changed, kNever, [&] { return answer->result.has_value(); });
    return std::move(answer->result);
  }

 private:
  // Of one question to the main thread or a worker.
  static constexpr Duration kPatience = std::chrono::seconds(30);
  // gRPC's synchronous handlers are not told when their caller cancels: they have to look.
  static constexpr Duration kLookForCaller = std::chrono::milliseconds(100);

  const Backend& backend_;
  const grpc::ServerContext& context_;
  const TimePoint deadline_;
  const std::string caller_;
};

// One of the watches that there may be at once.
class WatchSlot {
 public:
  explicit WatchSlot(std::counting_semaphore<>& slots)
      : slots_(slots.try_acquire() ? &slots : nullptr) {}
  WatchSlot(const WatchSlot&) = delete;
  WatchSlot& operator=(const WatchSlot&) = delete;
  ~WatchSlot() {
    if (slots_ != nullptr) slots_->release();
  }

  // False: there are too many, see TooManyWatches().
  bool taken() const { return slots_ != nullptr; }

 private:
  std::counting_semaphore<>* const slots_;
};

grpc::Status TooManyWatches();

}  // namespace culvert::admin

#endif  // CULVERT_SOURCE_ADMIN_CALL_H_
