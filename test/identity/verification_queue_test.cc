#include "source/identity/verification_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string_view>

namespace culvert::identity {
namespace {

class VerificationQueueTest : public testing::Test {
 protected:
  CredentialVerifier::Request Request(std::string_view user) {
    return {.providers = {}, .key = hash_.Of(user), .user = user, .password = "x", .source = "s"};
  }

  static WaiterPtr Waiter() { return std::make_shared<VerificationWaiter>(); }

  const KeyedHash hash_ = KeyedHash::Random();
  VerificationQueue queue_{4, 4};
};

TEST_F(VerificationQueueTest, HandsOutJobsInTheOrderTheyCame) {
  const JobPtr first = queue_.Join(Request("a"), Waiter());
  const JobPtr second = queue_.Join(Request("b"), Waiter());
  EXPECT_EQ(queue_.Take(), first);
  EXPECT_EQ(queue_.Take(), second);
}

TEST_F(VerificationQueueTest, LetsLateComersShareARunningJob) {
  const WaiterPtr early = Waiter();
  const WaiterPtr late = Waiter();
  queue_.Join(Request("a"), early);
  const JobPtr job = queue_.Take();
  EXPECT_EQ(queue_.Join(Request("a"), late), job);
  EXPECT_EQ(queue_.size(), 0u);
  EXPECT_EQ(queue_.Finish(job), (std::vector<WaiterPtr>{early, late}));
}

TEST_F(VerificationQueueTest, MakesANewJobOnceTheOldOneIsFinished) {
  queue_.Join(Request("a"), Waiter());
  const JobPtr job = queue_.Take();
  queue_.Finish(job);
  EXPECT_NE(queue_.Join(Request("a"), Waiter()), job);
}

TEST_F(VerificationQueueTest, KeepsARunningJobThatEverybodyLeft) {
  const WaiterPtr waiter = Waiter();
  queue_.Join(Request("a"), waiter);
  const JobPtr job = queue_.Take();
  queue_.Leave(job, waiter);
  EXPECT_EQ(queue_.Join(Request("a"), Waiter()), job);
}

TEST_F(VerificationQueueTest, FreesThePlaceOfASource) {
  VerificationQueue queue(4, 1);
  const WaiterPtr waiter = Waiter();
  const JobPtr job = queue.Join(Request("a"), waiter);
  EXPECT_EQ(queue.Join(Request("b"), Waiter()), nullptr);
  queue.Leave(job, waiter);
  EXPECT_NE(queue.Join(Request("b"), Waiter()), nullptr);
  queue.Take();
  EXPECT_NE(queue.Join(Request("c"), Waiter()), nullptr);
}

TEST_F(VerificationQueueTest, TellsNobodyWhenStopped) {
  const WaiterPtr running = Waiter();
  const WaiterPtr queued = Waiter();
  queue_.Join(Request("a"), running);
  const JobPtr job = queue_.Take();
  const JobPtr next = queue_.Join(Request("b"), queued);
  queue_.Stop();
  EXPECT_EQ(queue_.Take(), nullptr);
  EXPECT_TRUE(queue_.Finish(job).empty());
  EXPECT_EQ(queue_.Join(Request("c"), Waiter()), nullptr);
  queue_.Clear();
  // Handles may outlive the verifier.
  queue_.Leave(job, running);
  queue_.Leave(next, queued);
  EXPECT_EQ(running.use_count(), 1);
  EXPECT_EQ(queued.use_count(), 1);
}

}  // namespace
}  // namespace culvert::identity
