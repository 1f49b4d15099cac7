#include "source/identity/failure_throttle.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace culvert::identity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Duration = FailureThrottle::Duration;

constexpr std::string_view kAttacker = "192.0.2.1";
constexpr std::string_view kOffice = "198.51.100.7";
constexpr Duration kNone{0};

class FailureThrottleTest : public testing::Test {
 protected:
  Duration Fail(std::string_view source, std::string_view user, std::string_view password) {
    const std::string_view parts[] = {user, password};
    return throttle_.RecordFailure(now_, {source, user, hash_.Of(parts)}, limits_);
  }

  // A guess that nobody made before.
  Duration FailAnew(std::string_view source, std::string_view user) {
    return Fail(source, user, fmt::format("guess {}", ++guesses_));
  }

  Duration Delay(std::string_view source, std::string_view user) {
    return throttle_.Delay(now_, source, user);
  }

  const KeyedHash hash_ = KeyedHash::Random();
  FailureLimits limits_;
  FailureThrottle::TimePoint now_{seconds(1000)};
  FailureThrottle throttle_{100};
  int guesses_ = 0;
};

TEST_F(FailureThrottleTest, DoesNotDelayWithoutFailures) {
  EXPECT_EQ(Delay(kOffice, "alice"), kNone);
}

TEST_F(FailureThrottleTest, DoublesUpToTheMaximum) {
  for (int expected : {250, 500, 1000, 2000, 4000, 8000, 8000, 8000}) {
    const Duration delay = FailAnew(kAttacker, "alice");
    EXPECT_EQ(delay, milliseconds(expected));
    now_ += delay;
  }
}

TEST_F(FailureThrottleTest, DelaysEveryAttemptOfTheSourceWhileOneIsPending) {
  FailAnew(kAttacker, "alice");
  EXPECT_EQ(Delay(kAttacker, "somebody-else"), milliseconds(250));
  now_ += milliseconds(100);
  EXPECT_EQ(Delay(kAttacker, "alice"), milliseconds(150));
  now_ += milliseconds(150);
  EXPECT_EQ(Delay(kAttacker, "alice"), kNone);
}

TEST_F(FailureThrottleTest, MakesGuessesInParallelWaitForTheLast) {
  for (int i = 0; i < 50; ++i) FailAnew(kAttacker, fmt::format("user{}", i));
  EXPECT_EQ(Delay(kAttacker, "alice"), seconds(8));
}

TEST_F(FailureThrottleTest, BoundsWhatStrangersDoToAUserElsewhere) {
  for (int i = 0; i < 50; ++i) FailAnew(fmt::format("203.0.113.{}", i), "alice");
  EXPECT_EQ(Delay(kOffice, "alice"), seconds(2));
  EXPECT_EQ(Delay(kOffice, "bob"), kNone);
}

TEST_F(FailureThrottleTest, ForgetsAUsersFailuresAfterASuccess) {
  for (int i = 0; i < 5; ++i) FailAnew(kAttacker, "alice");
  throttle_.RecordSuccess("alice");
  EXPECT_EQ(Delay(kOffice, "alice"), kNone);
}

TEST_F(FailureThrottleTest, KeepsASourcesFailuresAfterASuccess) {
  for (int i = 0; i < 5; ++i) FailAnew(kAttacker, "alice");
  throttle_.RecordSuccess("mallory");
  throttle_.RecordSuccess("alice");
  EXPECT_EQ(Delay(kAttacker, "mallory"), seconds(4));
}

TEST_F(FailureThrottleTest, ForgetsAFailureForEachMaximumDelayOfQuiet) {
  for (int i = 0; i < 6; ++i) FailAnew(kAttacker, fmt::format("user{}", i));
  now_ += seconds(8) + 3 * seconds(8);
  EXPECT_EQ(FailAnew(kAttacker, "alice"), seconds(2));
  now_ += seconds(8 * 100);
  EXPECT_EQ(FailAnew(kAttacker, "alice"), milliseconds(250));
}

TEST_F(FailureThrottleTest, ForgetsAFailureOnce) {
  for (int i = 0; i < 6; ++i) Fail(kAttacker, fmt::format("user{}", i), fmt::format("{}", i));
  now_ += seconds(8) + seconds(8);
  // Asked twice about the same quiet: a known guess adds no failure either.
  EXPECT_EQ(Fail(kAttacker, "user5", "5"), seconds(4));
  EXPECT_EQ(Fail(kAttacker, "user5", "5"), seconds(4));
}

TEST_F(FailureThrottleTest, DoesNotCountTheSameGuessTwice) {
  EXPECT_EQ(Fail(kOffice, "bob", "old password"), milliseconds(250));
  for (int i = 0; i < 1000; ++i) {
    now_ += milliseconds(250);
    EXPECT_EQ(Fail(kOffice, "bob", "old password"), milliseconds(250));
    EXPECT_EQ(Delay(kOffice, "alice"), kNone);
  }
}

TEST_F(FailureThrottleTest, CountsAGuessAgainAfterManyOthers) {
  for (int i = 0; i < 5; ++i) Fail(kAttacker, "alice", fmt::format("{}", i));
  EXPECT_EQ(Fail(kAttacker, "alice", "0"), seconds(8));
}

TEST_F(FailureThrottleTest, IsOffWithoutADelay) {
  limits_.first_delay = kNone;
  EXPECT_EQ(FailAnew(kAttacker, "alice"), kNone);
  limits_ = {.first_delay = seconds(1), .maximum_delay = kNone};
  EXPECT_EQ(FailAnew(kAttacker, "alice"), kNone);
  EXPECT_EQ(Delay(kAttacker, "alice"), kNone);
  EXPECT_EQ(throttle_.size(), 0u);
}

TEST_F(FailureThrottleTest, TakesAnyLimits) {
  limits_ = {.first_delay = seconds(10), .maximum_delay = seconds(4)};
  EXPECT_EQ(FailAnew(kAttacker, "alice"), seconds(4));
  limits_ = {.first_delay = Duration::max(), .maximum_delay = Duration::max()};
  EXPECT_EQ(FailAnew(kAttacker, "bob"), std::chrono::hours(1));
}

TEST_F(FailureThrottleTest, IsBoundedAndForgetsTheOldestFirst) {
  for (int i = 0; i < 150; ++i) FailAnew(fmt::format("source{}", i), fmt::format("user{}", i));
  EXPECT_EQ(throttle_.size(), 200u);
  EXPECT_EQ(Delay("source0", "user0"), kNone);
  EXPECT_EQ(Delay("source149", "nobody"), milliseconds(250));
}

}  // namespace
}  // namespace culvert::identity
