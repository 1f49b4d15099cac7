#include "source/identity/verifier.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "test/identity/fake_provider.h"

namespace culvert::identity {
namespace {

// The loop of a worker: functions posted from anywhere, run by the thread of the test.
class FakeLoop {
 public:
  CredentialVerifier::Poster poster() {
    return [this](std::function<void()> function) {
      const std::lock_guard lock(mutex_);
      functions_.push_back(std::move(function));
      changed_.notify_one();
    };
  }

  // Waits for a function and runs it.
  void RunOne() { Take()(); }

  // Waits for a function and destroys it, as a loop does that was stopped.
  void DropOne() { Take() = nullptr; }

  void WaitForPending(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return functions_.size() >= count; });
  }

  size_t pending() {
    const std::lock_guard lock(mutex_);
    return functions_.size();
  }

 private:
  std::function<void()> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !functions_.empty(); });
    std::function<void()> function = std::move(functions_.front());
    functions_.pop_front();
    return function;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> functions_;
};

class VerifierTest : public testing::Test {
 protected:
  static std::unique_ptr<CredentialVerifier> Start(CredentialVerifier::Options options) {
    return std::move(CredentialVerifier::Start(options)).value();
  }

  CredentialVerifier::Request Request(std::string_view user, std::string_view password,
                                      std::string_view source = "192.0.2.1") {
    return {.providers = providers_,
            .key = MakeCredentialKey(hash_, providers_, user, password),
            .user = user,
            .password = password,
            .source = source};
  }

  CredentialVerifier::Callback Store(std::optional<CheckResult>& result) {
    return [&result](const CheckResult& value) { result = value; };
  }

  // Makes checks for the user "blocker" wait until Unblock(), and returns once one does.
  Verification Block(CredentialVerifier& verifier) {
    provider_->on_verify = [this](std::string_view user) {
      if (user != "blocker") return;
      blocked_.count_down();
      release_.wait();
    };
    Verification handle = verifier.Verify(Request("blocker", "x", "blocker"), loop_.poster(),
                                          [](const CheckResult&) {});
    blocked_.wait();
    return handle;
  }

  void Unblock() {
    release_.count_down();
    loop_.RunOne();
  }

  const KeyedHash hash_ = KeyedHash::Random();
  std::shared_ptr<FakeProvider> provider_ =
      std::make_shared<FakeProvider>("staff", "alice", "wonderland", false);
  std::vector<IdentityProviderPtr> providers_ = {provider_};
  std::latch blocked_{1};
  std::latch release_{1};
  FakeLoop loop_;
};

TEST_F(VerifierTest, AnswersOnTheLoopThatAsked) {
  auto verifier = Start({});
  std::optional<CheckResult> right;
  std::thread::id answered_on;
  Verification first = verifier->Verify(Request("alice", "wonderland"), loop_.poster(),
                                        [&](const CheckResult& result) {
                                          right = result;
                                          answered_on = std::this_thread::get_id();
                                        });
  loop_.RunOne();
  ASSERT_TRUE(right.has_value());
  EXPECT_EQ(right->outcome, CheckOutcome::kOk);
  EXPECT_EQ(right->identity.name, "alice");
  EXPECT_EQ(answered_on, std::this_thread::get_id());
  std::optional<CheckResult> wrong;
  Verification second =
      verifier->Verify(Request("alice", "looking-glass"), loop_.poster(), Store(wrong));
  loop_.RunOne();
  EXPECT_EQ(wrong->outcome, CheckOutcome::kWrongPassword);
}

TEST_F(VerifierTest, ChecksOnAnotherThread) {
  auto verifier = Start({.threads = 1});
  std::thread::id checked_on;
  provider_->on_verify = [&](std::string_view) { checked_on = std::this_thread::get_id(); };
  Verification handle =
      verifier->Verify(Request("alice", "wonderland"), loop_.poster(), [](const CheckResult&) {});
  loop_.RunOne();
  EXPECT_NE(checked_on, std::thread::id());
  EXPECT_NE(checked_on, std::this_thread::get_id());
}

TEST_F(VerifierTest, CopiesWhatItNeedsOfTheRequest) {
  auto verifier = Start({.threads = 1});
  Verification blocker = Block(*verifier);
  std::optional<CheckResult> result;
  std::string user = "alice";
  std::string password = "wonderland";
  Verification handle = verifier->Verify(Request(user, password), loop_.poster(), Store(result));
  user = "-----";
  password = "----------";
  Unblock();
  loop_.RunOne();
  EXPECT_EQ(result->outcome, CheckOutcome::kOk);
}

TEST_F(VerifierTest, RunsAsManyChecksAtOnceAsThereAreThreads) {
  auto verifier = Start({.threads = 3});
  // Released only when all three are inside.
  std::latch inside(3);
  provider_->on_verify = [&](std::string_view) { inside.arrive_and_wait(); };
  std::vector<Verification> handles;
  for (std::string_view user : {"a", "b", "c"}) {
    handles.push_back(
        verifier->Verify(Request(user, "x"), loop_.poster(), [](const CheckResult&) {}));
  }
  for (int i = 0; i < 3; ++i) loop_.RunOne();
  EXPECT_EQ(provider_->checks, 3);
}

TEST_F(VerifierTest, RefusesWhatTheQueueCannotHold) {
  auto verifier = Start({.threads = 1, .max_queue = 2, .max_queue_per_source = 2});
  Verification blocker = Block(*verifier);
  std::optional<CheckResult> queued[2];
  std::optional<CheckResult> refused;
  std::vector<Verification> handles;
  handles.push_back(verifier->Verify(Request("a", "x"), loop_.poster(), Store(queued[0])));
  handles.push_back(verifier->Verify(Request("b", "x"), loop_.poster(), Store(queued[1])));
  EXPECT_EQ(verifier->queued(), 2u);
  handles.push_back(verifier->Verify(Request("c", "x"), loop_.poster(), Store(refused)));
  EXPECT_FALSE(refused.has_value()) << "must not run inside Verify()";
  loop_.RunOne();
  EXPECT_EQ(refused->outcome, CheckOutcome::kOverloaded);
  Unblock();
  loop_.RunOne();
  loop_.RunOne();
  EXPECT_EQ(queued[0]->outcome, CheckOutcome::kUnknownUser);
  EXPECT_EQ(queued[1]->outcome, CheckOutcome::kUnknownUser);
}

TEST_F(VerifierTest, LeavesRoomForOtherSources) {
  auto verifier = Start({.threads = 1, .max_queue = 8});
  Verification blocker = Block(*verifier);
  std::optional<CheckResult> flood[3];
  std::optional<CheckResult> other;
  std::vector<Verification> handles;
  for (int i = 0; i < 3; ++i) {
    handles.push_back(verifier->Verify(Request(fmt::format("user{}", i), "x", "flooder"),
                                       loop_.poster(), Store(flood[i])));
  }
  loop_.RunOne();
  EXPECT_EQ(flood[2]->outcome, CheckOutcome::kOverloaded);
  handles.push_back(
      verifier->Verify(Request("alice", "wonderland", "other"), loop_.poster(), Store(other)));
  Unblock();
  for (int i = 0; i < 3; ++i) loop_.RunOne();
  EXPECT_EQ(flood[0]->outcome, CheckOutcome::kUnknownUser);
  EXPECT_EQ(other->outcome, CheckOutcome::kOk);
}

TEST_F(VerifierTest, ChecksTheSameCredentialsOnceForAllWhoWait) {
  auto verifier = Start({.threads = 1, .max_queue = 1});
  Verification blocker = Block(*verifier);
  std::optional<CheckResult> results[20];
  std::vector<Verification> handles;
  for (std::optional<CheckResult>& result : results) {
    handles.push_back(
        verifier->Verify(Request("alice", "wonderland"), loop_.poster(), Store(result)));
  }
  EXPECT_EQ(verifier->queued(), 1u);
  Unblock();
  for (int i = 0; i < 20; ++i) loop_.RunOne();
  for (const std::optional<CheckResult>& result : results) {
    EXPECT_EQ(result->outcome, CheckOutcome::kOk);
  }
  EXPECT_EQ(provider_->checks, 2);
}

TEST_F(VerifierTest, NeverCallsBackOnceCancelledInTheQueue) {
  auto verifier = Start({.threads = 1, .max_queue = 1});
  Verification blocker = Block(*verifier);
  auto owned = std::make_shared<int>();
  std::optional<CheckResult> result;
  Verification cancelled =
      verifier->Verify(Request("alice", "wonderland"), loop_.poster(),
                       [&result, owned](const CheckResult& value) { result = value; });
  cancelled.Cancel();
  EXPECT_EQ(owned.use_count(), 1) << "the callback is destroyed by Cancel()";
  EXPECT_EQ(verifier->queued(), 0u);
  std::optional<CheckResult> next;
  Verification second = verifier->Verify(Request("bob", "x"), loop_.poster(), Store(next));
  Unblock();
  loop_.RunOne();
  EXPECT_EQ(next->outcome, CheckOutcome::kUnknownUser);
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(provider_->checks, 2) << "a check that nobody waits for is not made";
}

TEST_F(VerifierTest, NeverCallsBackOnceCancelledWhileItRuns) {
  auto verifier = Start({.threads = 1});
  Verification blocker = Block(*verifier);
  blocker.Cancel();
  release_.count_down();
  std::optional<CheckResult> next;
  Verification second = verifier->Verify(Request("bob", "x"), loop_.poster(), Store(next));
  loop_.RunOne();
  EXPECT_TRUE(next.has_value());
  EXPECT_EQ(loop_.pending(), 0u);
}

TEST_F(VerifierTest, NeverCallsBackOnceCancelledAfterItWasPosted) {
  auto verifier = Start({.threads = 1});
  std::optional<CheckResult> result;
  Verification first =
      verifier->Verify(Request("alice", "wonderland"), loop_.poster(), Store(result));
  std::optional<CheckResult> other;
  Verification second = verifier->Verify(Request("bob", "x"), loop_.poster(), Store(other));
  loop_.WaitForPending(2);
  first.Cancel();
  loop_.RunOne();
  loop_.RunOne();
  EXPECT_TRUE(other.has_value());
  EXPECT_FALSE(result.has_value());
}

TEST_F(VerifierTest, KeepsACheckThatSomebodyElseWaitsFor) {
  auto verifier = Start({.threads = 1});
  Verification blocker = Block(*verifier);
  std::optional<CheckResult> one;
  std::optional<CheckResult> other;
  Verification first = verifier->Verify(Request("alice", "wonderland"), loop_.poster(), Store(one));
  Verification second =
      verifier->Verify(Request("alice", "wonderland"), loop_.poster(), Store(other));
  first.Cancel();
  Unblock();
  loop_.RunOne();
  EXPECT_FALSE(one.has_value());
  EXPECT_EQ(other->outcome, CheckOutcome::kOk);
}

TEST_F(VerifierTest, CancelsARefusal) {
  auto verifier = Start({.threads = 1, .max_queue = 0});
  std::optional<CheckResult> result;
  Verification handle =
      verifier->Verify(Request("alice", "wonderland"), loop_.poster(), Store(result));
  handle.Cancel();
  loop_.RunOne();
  EXPECT_FALSE(result.has_value());
}

TEST_F(VerifierTest, CancelsWhenTheHandleGoes) {
  auto verifier = Start({.threads = 1});
  Verification blocker = Block(*verifier);
  std::optional<CheckResult> result;
  {
    Verification handle =
        verifier->Verify(Request("alice", "wonderland"), loop_.poster(), Store(result));
  }
  EXPECT_EQ(verifier->queued(), 0u);
  Unblock();
  EXPECT_FALSE(result.has_value());
}

TEST_F(VerifierTest, MayDropTheHandleInsideTheCallback) {
  auto verifier = Start({.threads = 1});
  auto handle = std::make_unique<Verification>();
  *handle = verifier->Verify(Request("alice", "wonderland"), loop_.poster(),
                             [&handle](const CheckResult&) { handle.reset(); });
  loop_.RunOne();
  EXPECT_EQ(handle, nullptr);
}

TEST_F(VerifierTest, FreesTheCallbackWhenALoopDropsTheAnswer) {
  auto verifier = Start({.threads = 1});
  auto owned = std::make_shared<int>();
  Verification handle = verifier->Verify(Request("alice", "wonderland"), loop_.poster(),
                                         [owned](const CheckResult&) {});
  loop_.DropOne();
  handle.Cancel();
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_F(VerifierTest, StopsWhileChecksRunAndWait) {
  auto verifier = Start({.threads = 1});
  auto owned = std::make_shared<int>();
  std::vector<Verification> handles;
  handles.push_back(Block(*verifier));
  for (int i = 0; i < 10; ++i) {
    handles.push_back(verifier->Verify(Request(fmt::format("user{}", i), "x"), loop_.poster(),
                                       [owned](const CheckResult&) {}));
  }
  std::thread stopper([&] { verifier.reset(); });
  release_.count_down();
  stopper.join();
  while (loop_.pending() > 0) loop_.RunOne();
  handles.clear();
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_EQ(loop_.pending(), 0u);
}

TEST_F(VerifierTest, ServesManyWorkersThatAskAndCancelAtOnce) {
  // The answer to a cancelled check may still be posted, so the loops outlive the verifier.
  FakeLoop loops[4];
  auto verifier = Start({.threads = 3, .max_queue = 16});
  std::vector<std::thread> workers;
  std::atomic<int> wrong_answers = 0;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&, worker] {
      FakeLoop& loop = loops[worker];
      for (int i = 0; i < 500; ++i) {
        const bool is_right = i % 2 == 0;
        const std::string password = is_right ? "wonderland" : fmt::format("{}", i % 5);
        int answers = 0;
        const auto check = [&](const CheckResult& result) {
          ++answers;
          if (result.outcome == CheckOutcome::kOverloaded) return;
          if ((result.outcome == CheckOutcome::kOk) != is_right) ++wrong_answers;
        };
        Verification handle = verifier->Verify(
            Request("alice", password, fmt::format("worker{}", worker)), loop.poster(), check);
        Verification cancelled = verifier->Verify(Request("alice", password), loop.poster(),
                                                  [&](const CheckResult&) { answers = 100; });
        cancelled.Cancel();
        while (answers == 0) loop.RunOne();
        if (answers != 1) ++wrong_answers;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(wrong_answers, 0);
}

}  // namespace
}  // namespace culvert::identity
