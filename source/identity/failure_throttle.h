// Slows down the guessing of passwords: says how long the answer to an attempt has to wait, by how
// often its source and its user have failed lately. One per worker, no locks, no clock of its own.
//
// The check itself is not put off, its answer is, and a right password waits like a wrong one: if
// it did not, a guesser would hang up on every answer that is not immediate and lose no time. So
// ask Delay() for every attempt, also for one that the success cache knows.
//
// A source waits up to the maximum delay. A user waits up to a quarter of it, because strangers can
// fail in his name from anywhere and must not lock him out. A failure is forgotten for each full
// delay limit without a new one. A success forgets the user's failures (who makes one knows the
// password) but not the source's: else a guesser with an account of his own would clear his slate
// with it. The same wrong credentials again are no new guess, so they do not lengthen anybody's
// delay: a program with an old password behind an address does not slow down its neighbours for as
// long as it runs.
#ifndef CULVERT_SOURCE_IDENTITY_FAILURE_THROTTLE_H_
#define CULVERT_SOURCE_IDENTITY_FAILURE_THROTTLE_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "source/identity/credential_key.h"
#include "source/identity/keyed_hash.h"
#include "source/identity/lru_map.h"

namespace culvert::identity {

struct FailureLimits {
  // After the first failure; doubled with each further one. Zero: nothing is slowed down.
  std::chrono::steady_clock::duration first_delay = std::chrono::milliseconds(250);
  // At most an hour.
  std::chrono::steady_clock::duration maximum_delay = std::chrono::seconds(8);
};

struct FailedAttempt {
  // SourceKey(), or any text that stands for where it came from.
  std::string_view source;
  std::string_view user;
  CredentialKey credentials;
};

class FailureThrottle {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  // `max_entries` sources and as many users; the ones that failed least recently are forgotten
  // first.
  explicit FailureThrottle(size_t max_entries = 16384);

  // How long the answer to an attempt of this source for this user has to wait; zero in general.
  Duration Delay(TimePoint now, std::string_view source, std::string_view user);

  // Returns how long the answer to this very attempt has to wait.
  Duration RecordFailure(TimePoint now, const FailedAttempt& attempt, const FailureLimits& limits);

  void RecordSuccess(std::string_view user);

  // Sources and users that are remembered.
  size_t size() const { return sources_.size() + users_.size(); }

 private:
  struct Entry {
    // Failures that are not forgotten; counted up to where the delay has reached its maximum.
    int failures = 0;
    // Answers wait until then; later, the time up to which failures have been forgotten.
    TimePoint until;
    // The last few different guesses, the oldest at `next_guess`.
    std::array<uint64_t, 4> guesses = {};
    size_t next_guess = 0;
  };
  // Keyed by a hash: a name may be long, and nobody can make two collide.
  using Table = LruMap<uint64_t, Entry>;

  static Duration DelayAfter(int failures, const FailureLimits& limits);
  static void Forget(Entry& entry, TimePoint now, Duration interval);
  static Duration AddFailure(Entry& entry, TimePoint now, uint64_t guess,
                             const FailureLimits& limits);

  const KeyedHash hash_;
  Table sources_;
  Table users_;
};

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_FAILURE_THROTTLE_H_
