#include "source/net/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace culvert::net {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

const TimePoint kStart = TimePoint(hours(1000));

class TestTimer : public Timer {
 public:
  explicit TestTimer(std::function<void()> on_timer = nullptr) : on_timer_(std::move(on_timer)) {}
  ~TestTimer() override { Disarm(); }
  int fired = 0;

 private:
  void OnTimer() override {
    EXPECT_FALSE(armed());
    ++fired;
    if (on_timer_) on_timer_();
  }
  std::function<void()> on_timer_;
};

class TimerWheelTest : public ::testing::Test {
 protected:
  // As a loop would: from one expiry to the next, never past `end`. How many steps that took.
  int RunTo(TimePoint end) {
    int steps = 0;
    while (true) {
      const auto next = wheel_.NextExpiry();
      if (!next || *next > end) break;
      wheel_.Advance(*next);
      ++steps;
    }
    wheel_.Advance(end);
    return steps;
  }

  TimerWheel wheel_{kStart};
};

TEST_F(TimerWheelTest, FiresAtTheFirstTickThatIsNotBeforeTheDeadline) {
  TestTimer timer;
  wheel_.Arm(timer, kStart + microseconds(2500));
  wheel_.Advance(kStart + microseconds(2999));
  EXPECT_EQ(timer.fired, 0);
  wheel_.Advance(kStart + milliseconds(3));
  EXPECT_EQ(timer.fired, 1);
  EXPECT_FALSE(timer.armed());
}

TEST_F(TimerWheelTest, FiresADeadlineInThePastAtTheNextTick) {
  TestTimer timer;
  TestTimer at_the_beginning_of_time;
  wheel_.Advance(kStart + milliseconds(100));
  wheel_.Arm(timer, kStart + milliseconds(50));
  wheel_.Arm(at_the_beginning_of_time, TimePoint::min());
  wheel_.Advance(kStart + milliseconds(101));
  EXPECT_EQ(timer.fired, 1);
  EXPECT_EQ(at_the_beginning_of_time.fired, 1);
}

TEST_F(TimerWheelTest, NeverDisarms) {
  TestTimer timer;
  wheel_.Arm(timer, kStart + milliseconds(5));
  wheel_.Arm(timer, kNever);
  EXPECT_FALSE(timer.armed());
  EXPECT_EQ(wheel_.NextExpiry(), std::nullopt);
}

TEST_F(TimerWheelTest, ArmingAgainMovesTheDeadline) {
  TestTimer timer;
  wheel_.Arm(timer, kStart + milliseconds(5));
  wheel_.Arm(timer, kStart + hours(5));
  wheel_.Advance(kStart + hours(4));
  EXPECT_EQ(timer.fired, 0);
  wheel_.Arm(timer, kStart + hours(4) + milliseconds(1));
  wheel_.Advance(kStart + hours(4) + milliseconds(1));
  EXPECT_EQ(timer.fired, 1);
}

TEST_F(TimerWheelTest, ADestroyedTimerLeavesTheWheel) {
  auto first = std::make_unique<TestTimer>();
  auto second = std::make_unique<TestTimer>();
  TestTimer third;
  wheel_.Arm(*first, kStart + milliseconds(5));
  wheel_.Arm(*second, kStart + milliseconds(5));
  wheel_.Arm(third, kStart + milliseconds(5));
  second.reset();
  first.reset();
  wheel_.Advance(kStart + milliseconds(5));
  EXPECT_EQ(third.fired, 1);
}

TEST_F(TimerWheelTest, ATimerThatFiresMayDestroyDisarmAndRearmItsNeighbours) {
  // Whichever of the slot fires first does it to all the others.
  std::vector<std::unique_ptr<TestTimer>> timers;
  int fired = 0;
  TestTimer moved;
  const auto on_timer = [&] {
    ++fired;
    std::erase_if(timers, [](const auto& timer) { return timer->armed(); });
    wheel_.Arm(moved, kStart + milliseconds(9));
  };
  for (int i = 0; i < 8; ++i) {
    timers.push_back(std::make_unique<TestTimer>(on_timer));
    wheel_.Arm(*timers.back(), kStart + milliseconds(7));
  }
  wheel_.Advance(kStart + milliseconds(8));
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(timers.size(), 1);
  EXPECT_EQ(moved.fired, 0);
  wheel_.Advance(kStart + milliseconds(9));
  EXPECT_EQ(moved.fired, 1);
}

TEST_F(TimerWheelTest, ATimerThatArmsItselfAgainFiresOnceATickAndAdvanceEnds) {
  TestTimer* self = nullptr;
  TestTimer timer([&] { wheel_.Arm(*self, kStart); });
  self = &timer;
  wheel_.Arm(timer, kStart);
  wheel_.Advance(kStart + milliseconds(200));
  EXPECT_EQ(timer.fired, 200);
}

TEST_F(TimerWheelTest, FiresInTheOrderOfTheDeadlinesHoweverLateItIsCalled) {
  std::vector<int> order;
  std::vector<std::unique_ptr<TestTimer>> timers;
  const std::vector<int> delays = {5000, 3, 64, 63, 4096, 65, 262144, 1, 4095};
  for (const int delay : delays) {
    timers.push_back(std::make_unique<TestTimer>([&order, delay] { order.push_back(delay); }));
    wheel_.Arm(*timers.back(), kStart + milliseconds(delay));
  }
  wheel_.Advance(kStart + hours(1));
  std::vector<int> sorted = delays;
  std::ranges::sort(sorted);
  EXPECT_EQ(order, sorted);
}

TEST_F(TimerWheelTest, ReachesADeadlineOfEveryLevelExactlyAndInFewSteps) {
  for (int bits = 0; bits < 35; ++bits) {
    for (const int64_t offset : {-1, 0, 1}) {
      const int64_t delay = (int64_t{1} << bits) + offset;
      TimerWheel wheel(kStart);
      TestTimer timer;
      wheel.Arm(timer, kStart + milliseconds(delay));
      int steps = 0;
      TimePoint now = kStart;
      while (timer.armed() && steps < 100) {
        now = *wheel.NextExpiry();
        wheel.Advance(now);
        ++steps;
      }
      EXPECT_EQ(now, kStart + milliseconds(std::max<int64_t>(delay, 1))) << delay;
      EXPECT_LE(steps, 7) << delay;
    }
  }
}

TEST_F(TimerWheelTest, ADeadlineYearsAwayIsNotFiredEarly) {
  constexpr hours kYear(24 * 365);
  TestTimer timer;
  TestTimer at_the_end_of_time;
  wheel_.Arm(timer, kStart + 10 * kYear);
  wheel_.Arm(at_the_end_of_time, kNever - nanoseconds(1));
  EXPECT_LT(RunTo(kStart + 10 * kYear - milliseconds(1)), 100);
  EXPECT_EQ(timer.fired, 0);
  RunTo(kStart + 10 * kYear);
  EXPECT_EQ(timer.fired, 1);
  RunTo(kStart + 200 * kYear);
  EXPECT_EQ(at_the_end_of_time.fired, 0);
}

TEST_F(TimerWheelTest, SurvivesTheWrapOfItsHighestLevel) {
  const TimePoint wrap = kStart + milliseconds(int64_t{1} << 36);
  wheel_.Advance(wrap - milliseconds(5));
  TestTimer before, after, long_after;
  wheel_.Arm(before, wrap - milliseconds(1));
  wheel_.Arm(after, wrap + milliseconds(3));
  wheel_.Arm(long_after, wrap + milliseconds(int64_t{1} << 34));
  RunTo(wrap + milliseconds(2));
  EXPECT_EQ(before.fired, 1);
  EXPECT_EQ(after.fired, 0);
  RunTo(wrap + milliseconds(3));
  EXPECT_EQ(after.fired, 1);
  RunTo(wrap + milliseconds((int64_t{1} << 34) - 1));
  EXPECT_EQ(long_after.fired, 0);
  RunTo(wrap + milliseconds(int64_t{1} << 34));
  EXPECT_EQ(long_after.fired, 1);
}

TEST_F(TimerWheelTest, TimeThatStandsStillOrGoesBackFiresNothing) {
  TestTimer timer;
  wheel_.Arm(timer, kStart + milliseconds(10));
  for (const int now : {9, 9, 2}) wheel_.Advance(kStart + milliseconds(now));
  wheel_.Advance(kStart - milliseconds(2));
  EXPECT_EQ(timer.fired, 0);
  wheel_.Advance(kStart + milliseconds(10));
  EXPECT_EQ(timer.fired, 1);
}

// The wheel against a sorted list, with random operations of every scale.
class Model {
 public:
  explicit Model(uint32_t seed) : random_(seed) {
    for (size_t i = 0; i < kTimers; ++i) {
      timers_.push_back(std::make_unique<TestTimer>([this, i] { OnFired(i); }));
    }
  }

  void Step() {
    const size_t i = random_() % kTimers;
    const uint32_t what = random_() % 10;
    if (what < 5) {
      Arm(i);
    } else if (what < 6) {
      timers_[i]->Disarm();
      armed_.erase(i);
    } else {
      Advance();
    }
    CheckNextExpiry();
  }

 private:
  static constexpr size_t kTimers = 40;

  nanoseconds RandomDelay() {
    const int bits = static_cast<int>(random_() % 58);
    return nanoseconds(static_cast<int64_t>(random_() & ((uint64_t{1} << bits) - 1)));
  }

  void Arm(size_t i) {
    const TimePoint when = now_ + RandomDelay() - milliseconds(random_() % 3);
    wheel_.Arm(*timers_[i], when);
    const int64_t tick = std::chrono::ceil<milliseconds>(when - kStart).count();
    armed_[i] = std::max(tick, now_tick() + 1);
  }

  void Advance() {
    now_ = std::min(now_ + RandomDelay(), kStart + hours(24 * 365 * 100));
    fired_.clear();
    wheel_.Advance(now_);
    std::vector<int64_t> expected;
    for (const auto& [i, tick] : armed_) {
      if (tick <= now_tick()) expected.push_back(tick);
    }
    std::ranges::sort(expected);
    EXPECT_EQ(fired_, expected);
    std::erase_if(armed_, [&](const auto& entry) { return entry.second <= now_tick(); });
    for (size_t i = 0; i < kTimers; ++i) EXPECT_EQ(timers_[i]->armed(), armed_.contains(i));
  }

  void OnFired(size_t i) { fired_.push_back(armed_[i]); }

  void CheckNextExpiry() {
    const auto next = wheel_.NextExpiry();
    ASSERT_EQ(next.has_value(), !armed_.empty());
    if (!next) return;
    const auto first =
        std::ranges::min_element(armed_, {}, [](const auto& entry) { return entry.second; });
    EXPECT_LE(*next, kStart + milliseconds(first->second));
    EXPECT_GT(*next, now_) << "a loop would spin";
  }

  int64_t now_tick() const { return std::chrono::floor<milliseconds>(now_ - kStart).count(); }

  std::mt19937_64 random_;
  TimePoint now_ = kStart;
  TimerWheel wheel_{kStart};
  std::map<size_t, int64_t> armed_;
  std::vector<int64_t> fired_;
  std::vector<std::unique_ptr<TestTimer>> timers_;
};

TEST(TimerWheelModelTest, RandomOperationsDoWhatASortedListWouldDo) {
  for (uint32_t seed = 0; seed < 60 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Model model(seed);
    for (int i = 0; i < 2000 && !::testing::Test::HasFailure(); ++i) model.Step();
  }
}

}  // namespace
}  // namespace culvert::net
