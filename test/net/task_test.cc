#include "source/net/task.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "source/net/stream_io.h"
#include "source/net/wait.h"
#include "test/net/test_util.h"

namespace culvert::net {
namespace {

class TaskTest : public LoopFixture {};

// Says when it is gone.
class Guard {
 public:
  explicit Guard(int& live) : live_(&live) { ++live; }
  Guard(Guard&& other) noexcept : live_(std::exchange(other.live_, nullptr)) {}
  ~Guard() {
    if (live_ != nullptr) --*live_;
  }

 private:
  int* live_;
};

// How far the stack has reached down since it was made.
class StackDepth {
 public:
  [[gnu::noinline]] void Look() {
    char here;
    const auto address = reinterpret_cast<uintptr_t>(&here);
    lowest_ = std::min(lowest_, address);
    highest_ = std::max(highest_, address);
  }
  size_t depth() const { return highest_ - lowest_; }

 private:
  uintptr_t lowest_ = UINTPTR_MAX;
  uintptr_t highest_ = 0;
};

Task<int> Give(int value) { co_return value; }
Task<std::unique_ptr<int>> GiveMoveOnly(int value) { co_return std::make_unique<int>(value); }

Task<int> Add(int a, int b) {
  const int first = co_await Give(a);
  co_await Yield();
  const std::unique_ptr<int> second = co_await GiveMoveOnly(b);
  co_return first + *second;
}

TEST_F(TaskTest, GivesTheValuesOfTheTasksThatItAwaits) { EXPECT_EQ(Run(Add(3, 4)), 7); }

Task<void> Set(bool& started) {
  started = true;
  co_return;
}

TEST_F(TaskTest, StartsWhenItIsAwaitedAndNotBefore) {
  bool started = false;
  {
    Task<void> never_awaited = Set(started);
  }
  EXPECT_FALSE(started);
  Task<void> task = Set(started);
  EXPECT_FALSE(started);
  Run(std::move(task));
  EXPECT_TRUE(started);
}

Task<void> Hold(Guard) { co_return; }

TEST_F(TaskTest, ATaskThatIsNeverAwaitedFreesItsParameters) {
  int live = 0;
  {
    Task<void> task = Hold(Guard(live));
    EXPECT_EQ(live, 1);
  }
  EXPECT_EQ(live, 0);
}

Task<int> LookAndGive(StackDepth& stack, bool wait) {
  stack.Look();
  if (wait) co_await Yield();
  stack.Look();
  co_return 1;
}

Task<int> AwaitOften(StackDepth& stack, int times, bool wait) {
  int sum = 0;
  for (int i = 0; i < times; ++i) sum += co_await LookAndGive(stack, wait);
  co_return sum;
}

TEST_F(TaskTest, AMillionTasksThatNeverWaitDoNotGrowTheStack) {
  StackDepth stack;
  EXPECT_EQ(Run(AwaitOften(stack, 1'000'000, false)), 1'000'000);
  EXPECT_LT(stack.depth(), 4096);
}

TEST_F(TaskTest, TasksThatWaitDoNotGrowTheStack) {
  StackDepth stack;
  EXPECT_EQ(Run(AwaitOften(stack, 100'000, true)), 100'000);
  EXPECT_LT(stack.depth(), 16384);
}

Task<int> Descend(int levels) {
  if (levels == 0) {
    co_await Yield();
    co_return 0;
  }
  co_return 1 + co_await Descend(levels - 1);
}

TEST_F(TaskTest, AChainOfManyTasksUnwindsWhenTheInnermostGoesOn) {
  EXPECT_EQ(Run(Descend(500)), 500);
}

Task<Scope*> OwnScope() {
  Scope& scope = co_await CurrentScope();
  co_return &scope;
}

Task<Scope*> ScopeOfInnerTask() {
  co_await Yield();
  co_return co_await OwnScope();
}

TEST_F(TaskTest, HandsItsScopeDownToWhatItAwaits) { EXPECT_EQ(Run(ScopeOfInnerTask()), &scope_); }

Task<void> WaitWithGuard(Guard, Readiness& event) { co_await Wait(kNever, &event); }

TEST_F(TaskTest, ASpawnedTaskRunsUntilItsFirstWaitInsideTheCall) {
  bool started = false;
  Spawn(scope_, Set(started), [] {});
  EXPECT_TRUE(started);
}

TEST_F(TaskTest, ASpawnedTaskAndItsParametersAreGoneBeforeOnDone) {
  int live = 0;
  std::optional<int> live_at_end;
  Readiness event;
  Spawn(scope_, WaitWithGuard(Guard(live), event), [&] { live_at_end = live; });
  EXPECT_EQ(live, 1);
  event.Signal();
  RunUntil([&] { return live_at_end.has_value(); });
  EXPECT_EQ(live_at_end, 0);
}

TEST_F(TaskTest, ATaskThatEndsAtOnceIsGoneBeforeOnDoneToo) {
  int live = 0;
  std::optional<int> live_at_end;
  Spawn(scope_, Hold(Guard(live)), [&] { live_at_end = live; });
  EXPECT_EQ(live_at_end, 0);
}

TEST_F(TaskTest, OnDoneMayDestroyTheScope) {
  auto scope = std::make_unique<Scope>(scope_);
  Readiness event;
  int live = 0;
  Spawn(*scope, WaitWithGuard(Guard(live), event), [&] { scope.reset(); });
  scope->Cancel(CancelReason::kKilled);
  RunUntil([&] { return scope == nullptr; });
  EXPECT_EQ(live, 0);
  EXPECT_FALSE(scope_.cancelled());
}

TEST_F(TaskTest, CancellingFreesEveryFrameOfAChain) {
  int live = 0;
  std::array<Readiness, 100> events;
  for (Readiness& event : events) Start(WaitWithGuard(Guard(live), event));
  EXPECT_EQ(live, 100);
  Unwind();
  EXPECT_EQ(live, 0);
}

}  // namespace
}  // namespace culvert::net
