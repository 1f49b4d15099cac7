#include "source/net/event_loop.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "source/net/stream_io.h"
#include "test/net/test_util.h"

namespace culvert::net {
namespace {

using std::chrono::milliseconds;

class EventLoopTest : public LoopFixture {};

TEST_F(EventLoopTest, RunsWhatIsPostedInTheOrderOfTheCalls) {
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) loop_.Post([&order, i] { order.push_back(i); });
  EXPECT_TRUE(order.empty());
  RunUntil([&] { return order.size() == 5; });
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(EventLoopTest, RunsWhatAPostedFunctionPosts) {
  int depth = 0;
  std::function<void()> again = [&] {
    if (++depth < 10) loop_.Post(again);
  };
  loop_.Post(again);
  RunUntil([&] { return depth == 10; });
}

TEST_F(EventLoopTest, StopEndsRunAfterTheWorkThatWasPostedBefore) {
  std::vector<int> order;
  loop_.Post([&] { order.push_back(1); });
  loop_.Post([&] { order.push_back(2); });
  loop_.Stop();
  loop_.Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(EventLoopTest, LosesNothingThatManyThreadsPost) {
  constexpr int kThreads = 4;
  constexpr int kEach = 20'000;
  std::vector<int> next(kThreads, 0);  // of the loop's thread alone
  int disorder = 0;
  std::atomic<int> posting = kThreads;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        loop_.Post([&next, &disorder, t, i] { disorder += next[t]++ != i; });
      }
      if (--posting == 0) loop_.Stop();
    });
  }
  loop_.Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(next, std::vector<int>(kThreads, kEach));
  EXPECT_EQ(disorder, 0);
}

TEST_F(EventLoopTest, EveryPostWakesALoopThatSleeps) {
  // Ping-pong: were one wake-up lost, both sides would wait for ever.
  constexpr int kTimes = 20'000;
  EventLoop other;
  int pings = 0;
  std::function<void()> ping;
  const std::function<void()> pong = [&] { loop_.Post(ping); };
  ping = [&] {
    if (++pings < kTimes) other.Post(pong);
  };
  std::thread thread([&] { other.Run(); });
  loop_.Post(ping);
  RunUntil([&] { return pings == kTimes; }, std::chrono::seconds(60));
  other.Stop();
  thread.join();
}

TEST_F(EventLoopTest, MayBeDestroyedAsSoonAsTheLastPostHasRun) {
  // The threads that posted may still be inside Post() then.
  constexpr int kThreads = 3;
  for (int i = 0; i < 300; ++i) {
    auto loop = std::make_unique<EventLoop>();
    int last_posts = 0;  // of the loop's thread alone
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&last_posts, raw = loop.get()] {
        for (int post = 0; post < 20; ++post) raw->Post([] {});
        raw->Post([&last_posts, raw] {
          if (++last_posts == kThreads) raw->Stop();
        });
      });
    }
    loop->Run();
    loop.reset();
    for (std::thread& thread : threads) thread.join();
  }
}

TEST_F(EventLoopTest, RunOnceReturnsAtItsDeadlineWhereNothingHappens) {
  const TimePoint deadline = Clock::now() + milliseconds(10);
  while (Clock::now() < deadline) loop_.RunOnce(deadline);
  loop_.RunOnce(Clock::now());
  EXPECT_GE(loop_.now(), deadline);
}

TEST_F(EventLoopTest, SleepsWithoutRoundsUntilATimerIsDue) {
  Task<void> sleep = [](TimePoint when) -> Task<void> {
    co_await SleepUntil(when);
  }(Clock::now() + std::chrono::minutes(1));
  Start(std::move(sleep));
  EXPECT_TRUE(FallsQuiet());
  Unwind();
}

Task<void> Note(std::vector<int>& order, int id, int times) {
  for (int i = 0; i < times; ++i) {
    order.push_back(id);
    co_await Yield();
  }
}

TEST_F(EventLoopTest, CoroutinesThatYieldTakeTurns) {
  std::vector<int> order;
  Start(Note(order, 1, 3));
  Start(Note(order, 2, 3));
  RunUntil([&] { return running() == 0; });
  EXPECT_EQ(order, (std::vector<int>{1, 2, 1, 2, 1, 2}));
}

TEST_F(EventLoopTest, ACoroutineThatYieldsForEverStarvesNeitherTimersNorPosts) {
  bool posted = false;
  bool slept = false;
  Start([](Scope& scope) -> Task<void> {
    while (!scope.cancelled()) co_await Yield();
  }(scope_));
  Start([](TimePoint when, bool& done) -> Task<void> {
    co_await SleepUntil(when);
    done = true;
  }(Clock::now() + milliseconds(5), slept));
  loop_.Post([&] { posted = true; });
  RunUntil([&] { return posted && slept; });
  Unwind();
}

TEST_F(EventLoopTest, SignalsADescriptorOncePerEdge) {
  const Fd fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  FdEvents events;
  ASSERT_TRUE(loop_.Watch(fd.get(), events));
  loop_.RunOnce(Clock::now());
  events.readable.Clear();
  const uint64_t one = 1;
  ASSERT_EQ(write(fd.get(), &one, sizeof one), sizeof one);
  RunUntil([&] { return events.readable.ready(); });
  events.readable.Clear();
  EXPECT_LE(CountRounds(milliseconds(30)), 3);
  EXPECT_FALSE(events.readable.ready());
  EXPECT_FALSE(events.hung_up);
}

TEST_F(EventLoopTest, SaysWhereADescriptorCannotBeWatched) {
  const Fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  FdEvents events;
  EXPECT_FALSE(loop_.Watch(file.get(), events));
}

TEST_F(EventLoopTest, ServesMoreDescriptorsAtOnceThanOneBatchHolds) {
  struct Watched {
    Fd fd{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    FdEvents events;
  };
  std::vector<std::unique_ptr<Watched>> all;
  for (int i = 0; i < 600; ++i) {
    all.push_back(std::make_unique<Watched>());
    ASSERT_TRUE(loop_.Watch(all.back()->fd.get(), all.back()->events));
    all.back()->events.readable.Clear();
    const uint64_t one = 1;
    ASSERT_EQ(write(all.back()->fd.get(), &one, sizeof one), sizeof one);
  }
  RunUntil([&] {
    return std::ranges::all_of(all, [](const auto& one) { return one->events.readable.ready(); });
  });
}

}  // namespace
}  // namespace culvert::net
