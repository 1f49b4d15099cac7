#include "source/identity/failure_throttle.h"

#include <algorithm>

namespace culvert::identity {
namespace {

using Duration = FailureThrottle::Duration;
using TimePoint = FailureThrottle::TimePoint;

constexpr Duration kLongestDelay = std::chrono::hours(1);
constexpr int kUserShare = 4;

Duration Remaining(TimePoint until, TimePoint now) { return std::max(Duration(0), until - now); }

// First no more than maximum, maximum no more than an hour.
FailureLimits Bounded(const FailureLimits& limits, int divisor) {
  const Duration maximum = std::min(limits.maximum_delay, kLongestDelay) / divisor;
  return {.first_delay = std::min(limits.first_delay, maximum), .maximum_delay = maximum};
}

}  // namespace

FailureThrottle::FailureThrottle(size_t max_entries)
    : hash_(KeyedHash::Random()), sources_(max_entries), users_(max_entries) {}

Duration FailureThrottle::Delay(TimePoint now, std::string_view source, std::string_view user) {
  Duration delay(0);
  if (sources_.size() > 0) {
    if (const Entry* entry = sources_.Find(hash_.NumberOf(source))) {
      delay = Remaining(entry->until, now);
    }
  }
  if (users_.size() > 0) {
    if (const Entry* entry = users_.Find(hash_.NumberOf(user))) {
      delay = std::max(delay, Remaining(entry->until, now));
    }
  }
  return delay;
}

Duration FailureThrottle::RecordFailure(TimePoint now, const FailedAttempt& attempt,
                                        const FailureLimits& limits) {
  const FailureLimits of_source = Bounded(limits, 1);
  const FailureLimits of_user = Bounded(limits, kUserShare);
  if (of_user.first_delay <= Duration(0)) return Duration(0);
  const uint64_t guess = LeadingNumber(attempt.credentials);
  Entry& source = sources_.Touch(hash_.NumberOf(attempt.source));
  Entry& user = users_.Touch(hash_.NumberOf(attempt.user));
  return std::max(AddFailure(source, now, guess, of_source), AddFailure(user, now, guess, of_user));
}

void FailureThrottle::RecordSuccess(std::string_view user) {
  if (users_.size() > 0) users_.Erase(hash_.NumberOf(user));
}

Duration FailureThrottle::DelayAfter(int failures, const FailureLimits& limits) {
  Duration delay = limits.first_delay;
  for (int i = 1; i < failures && delay < limits.maximum_delay; ++i) delay *= 2;
  return std::min(delay, limits.maximum_delay);
}

void FailureThrottle::Forget(Entry& entry, TimePoint now, Duration interval) {
  if (now <= entry.until) return;
  const auto intervals = (now - entry.until) / interval;
  entry.failures -= static_cast<int>(std::min<int64_t>(intervals, entry.failures));
  entry.until += intervals * interval;
}

Duration FailureThrottle::AddFailure(Entry& entry, TimePoint now, uint64_t guess,
                                     const FailureLimits& limits) {
  Forget(entry, now, limits.maximum_delay);
  const Duration delay = DelayAfter(entry.failures, limits);
  if (std::find(entry.guesses.begin(), entry.guesses.end(), guess) != entry.guesses.end()) {
    return std::max(delay, Remaining(entry.until, now));
  }
  entry.guesses[entry.next_guess] = guess;
  entry.next_guess = (entry.next_guess + 1) % entry.guesses.size();
  if (entry.failures == 0 || delay < limits.maximum_delay) ++entry.failures;
  const Duration grown = DelayAfter(entry.failures, limits);
  entry.until = std::max(entry.until, now + grown);
  return entry.until - now;
}

}  // namespace culvert::identity
