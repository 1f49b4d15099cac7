#include "source/admin/call.h"

namespace culvert::admin {
namespace {

TimePoint DeadlineOf(const grpc::ServerContext& context, Duration otherwise) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) {
    return After(Clock::now(), otherwise);
  }
  return After(Clock::now(), deadline - std::chrono::system_clock::now());
}

}  // namespace

Call::Call(const Backend& backend, const grpc::ServerContext& context, Kind kind)
    : backend_(backend),
      context_(context),
      deadline_(DeadlineOf(context, kind == Kind::kAnswer ? kPatience : Duration::max())),
      caller_(backend.callers.Find(context.peer())) {}

bool Call::ended() const {
  return backend_.stop.stop_requested() || Clock::now() >= deadline_ || context_.IsCancelled();
}

grpc::Status Call::Unanswered() const {
  if (Clock::now() >= deadline_) {
    return {grpc::StatusCode::DEADLINE_EXCEEDED,
            "the process did not answer in time; what was asked for may still be carried out"};
  }
  if (context_.IsCancelled()) return {grpc::StatusCode::CANCELLED, "the caller has gone"};
  return {grpc::StatusCode::UNAVAILABLE, "the process is too busy, or about to end"};
}

bool Call::SleepUntil(TimePoint until) const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  Wait(lock, never, until, [] { return false; });
  return !ended();
}

grpc::Status TooManyWatches() {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          "too many watch already; process.admin.max_watches sets how many may"};
}

}  // namespace culvert::admin
