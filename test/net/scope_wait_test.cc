#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "source/net/scope.h"
#include "source/net/stream_io.h"
#include "source/net/wait.h"
#include "test/net/test_util.h"

namespace culvert::net {
namespace {

using std::chrono::milliseconds;

class WaitTest : public LoopFixture {
 protected:
  // One round in which nothing but what is ready already happens.
  void Round() { loop_.RunOnce(Clock::now()); }

  static Task<void> WaitFor(std::vector<WaitOutcome>& outcomes, TimePoint deadline, Readiness* a,
                            Readiness* b = nullptr, Readiness* c = nullptr,
                            Readiness* d = nullptr) {
    outcomes.push_back(co_await Wait(deadline, a, b, c, d));
  }

  std::vector<WaitOutcome> outcomes_;
  Readiness event_;
  const std::vector<WaitOutcome> ready_ = {WaitOutcome::kReady};
  const std::vector<WaitOutcome> timed_out_ = {WaitOutcome::kTimedOut};
  const std::vector<WaitOutcome> cancelled_ = {WaitOutcome::kCancelled};
};

class ScopeTest : public WaitTest {};

TEST_F(WaitTest, GoesOnAtOnceWhereAnEventHoldsAlready) {
  event_.Signal();
  Start(WaitFor(outcomes_, kNever, nullptr, &event_));
  EXPECT_EQ(outcomes_, ready_);
}

TEST_F(WaitTest, IsResumedByTheLoopAndNotInsideSignal) {
  Start(WaitFor(outcomes_, kNever, &event_));
  event_.Signal();
  EXPECT_TRUE(outcomes_.empty());
  Round();
  EXPECT_EQ(outcomes_, ready_);
}

TEST_F(WaitTest, AnyOfFourEventsEndsItAndTheOthersForgetIt) {
  for (int which = 0; which < 4; ++which) {
    outcomes_.clear();
    std::array<Readiness, 4> events;
    Start(WaitFor(outcomes_, kNever, &events[0], &events[1], &events[2], &events[3]));
    Round();
    EXPECT_TRUE(outcomes_.empty());
    events[which].Signal();
    for (Readiness& event : events) event.Signal();
    Round();
    Round();
    EXPECT_EQ(outcomes_, ready_);
  }
}

TEST_F(WaitTest, OneEventGivenTwiceIsOne) {
  Start(WaitFor(outcomes_, kNever, &event_, &event_));
  event_.Signal();
  Round();
  EXPECT_EQ(outcomes_, ready_);
}

TEST_F(WaitTest, AnEventThatWasClearedIsWaitedForAgain) {
  event_.Signal();
  event_.Clear();
  Start(WaitFor(outcomes_, kNever, &event_));
  Round();
  EXPECT_TRUE(outcomes_.empty());
  event_.Signal();
  Round();
  EXPECT_EQ(outcomes_, ready_);
}

TEST_F(WaitTest, TimesOutAtTheDeadlineAndNotBefore) {
  const TimePoint deadline = Clock::now() + milliseconds(15);
  Start(WaitFor(outcomes_, deadline, &event_));
  RunUntil([&] { return !outcomes_.empty(); });
  EXPECT_EQ(outcomes_, timed_out_);
  EXPECT_GE(loop_.now(), deadline);
  event_.Signal();
  Round();
  EXPECT_EQ(outcomes_.size(), 1);
}

TEST_F(WaitTest, ADeadlineThatHasPassedTimesOutAtOnce) {
  Start(WaitFor(outcomes_, loop_.now(), &event_));
  EXPECT_EQ(outcomes_, timed_out_);
}

TEST_F(WaitTest, AnEventThatHoldsIsWorthMoreThanADeadlineThatHasPassed) {
  event_.Signal();
  Start(WaitFor(outcomes_, loop_.now(), &event_));
  EXPECT_EQ(outcomes_, ready_);
}

TEST_F(WaitTest, IsResumedOnceWhereEventDeadlineAndCancelCoincide) {
  const TimePoint deadline = Clock::now() + milliseconds(2);
  Start(WaitFor(outcomes_, deadline, &event_));
  while (Clock::now() < deadline + milliseconds(2)) {
  }
  event_.Signal();
  scope_.Cancel(CancelReason::kKilled);
  Round();
  Round();
  EXPECT_EQ(outcomes_, ready_);
}

TEST_F(ScopeTest, CancelEndsAWaitFromTheLoopAndNotInsideTheCall) {
  Start(WaitFor(outcomes_, kNever, &event_));
  scope_.Cancel(CancelReason::kDrained);
  EXPECT_TRUE(outcomes_.empty());
  event_.Signal();
  Round();
  EXPECT_EQ(outcomes_, cancelled_);
}

TEST_F(ScopeTest, EveryWaitAfterCancelEndsAtOnce) {
  scope_.Cancel(CancelReason::kKilled);
  Start(WaitFor(outcomes_, kNever, &event_));
  EXPECT_EQ(outcomes_, cancelled_);
}

TEST_F(ScopeTest, EveryWaitAfterCancelEndsAsCancelledEvenWhereItsEventHolds) {
  // Else a peer that never stops sending would keep a cancelled connection alive.
  event_.Signal();
  scope_.Cancel(CancelReason::kKilled);
  Start(WaitFor(outcomes_, kNever, &event_));
  EXPECT_EQ(outcomes_, cancelled_);
}

TEST_F(ScopeTest, CancelReachesTheScopesWithin) {
  Scope inner(scope_);
  Scope innermost(inner);
  std::optional<WaitOutcome> outcome;
  Spawn(innermost, WaitFor(outcomes_, kNever, &event_), [] {});
  scope_.Cancel(CancelReason::kShutdown);
  EXPECT_EQ(inner.reason(), CancelReason::kShutdown);
  EXPECT_EQ(innermost.reason(), CancelReason::kShutdown);
  Round();
  EXPECT_EQ(outcomes_, cancelled_);
}

TEST_F(ScopeTest, CancelLeavesTheScopesAroundAndBesideAlone) {
  Scope inner(scope_);
  Scope sibling(scope_);
  std::vector<WaitOutcome> outer_outcomes;
  Start(WaitFor(outer_outcomes, kNever, &event_));
  Readiness never;
  Spawn(inner, WaitFor(outcomes_, kNever, &never), [] {});
  inner.Cancel(CancelReason::kSuperseded);
  Round();
  EXPECT_EQ(outcomes_, cancelled_);
  EXPECT_FALSE(scope_.cancelled());
  EXPECT_FALSE(sibling.cancelled());
  EXPECT_TRUE(outer_outcomes.empty());
  Unwind();
}

TEST_F(ScopeTest, AScopeWithinACancelledOneIsCancelledFromTheStart) {
  scope_.Cancel(CancelReason::kLifetime);
  Scope inner(scope_);
  EXPECT_TRUE(inner.cancelled());
  EXPECT_EQ(inner.reason(), CancelReason::kLifetime);
}

TEST_F(ScopeTest, TheFirstReasonStays) {
  scope_.Cancel(CancelReason::kDrained);
  scope_.Cancel(CancelReason::kKilled);
  EXPECT_EQ(scope_.reason(), CancelReason::kDrained);
}

TEST_F(ScopeTest, AnInnerReasonIsNotOverwrittenByTheOuter) {
  Scope inner(scope_);
  inner.Cancel(CancelReason::kSuperseded);
  scope_.Cancel(CancelReason::kShutdown);
  EXPECT_EQ(inner.reason(), CancelReason::kSuperseded);
}

TEST_F(ScopeTest, AScopeThatIsGoneIsNotCancelled) {
  auto first = std::make_unique<Scope>(scope_);
  auto second = std::make_unique<Scope>(scope_);
  auto third = std::make_unique<Scope>(scope_);
  second.reset();
  third.reset();
  scope_.Cancel(CancelReason::kKilled);
  EXPECT_TRUE(first->cancelled());
}

TEST_F(ScopeTest, AWaitThatIsOverIsNotCancelled) {
  Start(WaitFor(outcomes_, kNever, &event_));
  event_.Signal();
  scope_.Cancel(CancelReason::kKilled);
  Round();
  Round();
  EXPECT_EQ(outcomes_, ready_);
}

// Ends the scope that it waits in itself, from inside a resumption.
Task<void> CancelOwnScope(Readiness& event, std::vector<WaitOutcome>& outcomes) {
  outcomes.push_back(co_await Wait(kNever, &event));
  Scope& scope = co_await CurrentScope();
  scope.Cancel(CancelReason::kKilled);
  Readiness never;
  outcomes.push_back(co_await Wait(kNever, &never));
}

TEST_F(ScopeTest, ACoroutineMayCancelItsOwnScope) {
  Start(WaitFor(outcomes_, kNever, &event_));
  std::vector<WaitOutcome> own;
  Readiness event;
  Start(CancelOwnScope(event, own));
  event.Signal();
  Round();
  EXPECT_EQ(own, (std::vector<WaitOutcome>{WaitOutcome::kReady, WaitOutcome::kCancelled}));
  Round();
  EXPECT_EQ(outcomes_, cancelled_);
}

}  // namespace
}  // namespace culvert::net
