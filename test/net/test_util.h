// What tests of things that run on an event loop share: a loop that fails instead of hanging, and
// connected sockets. One thread.
#ifndef CULVERT_TEST_NET_TEST_UTIL_H_
#define CULVERT_TEST_NET_TEST_UTIL_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "source/net/event_loop.h"
#include "source/net/fd.h"
#include "source/net/socket_stream.h"
#include "source/net/task.h"

namespace culvert::net {

// Tests derive from it. Whatever a task refers to must live until the task is over: a test that
// starts tasks over its own locals ends with Unwind(), or waits for them.
class LoopFixture : public ::testing::Test {
 protected:
  static constexpr Duration kGuard = std::chrono::seconds(20);

  LoopFixture();
  ~LoopFixture() override;

  // Runs `task` to its end on the loop and gives its result. After `guard` the test has failed and
  // the scope is cancelled; a task that will not even end then aborts the process.
  template <class T>
  T Run(Task<T> task, Duration guard = kGuard) {
    std::optional<T> result;
    Start(Store(std::move(task), result));
    if (!RunUntil([&] { return result.has_value(); }, guard)) Unwind();
    return std::move(*result);
  }
  void Run(Task<void> task, Duration guard = kGuard);

  // Starts `task` in scope_, to run beside others whenever the loop does.
  void Start(Task<void> task);

  // Runs the loop until `condition` holds; false, and a failure, after `guard`.
  bool RunUntil(const std::function<bool()>& condition, Duration guard = kGuard);

  // Runs the loop for `time` and counts the rounds: an idle loop makes one, a spinning one
  // thousands.
  int CountRounds(Duration time);

  // Whether the loop comes to rest: some tenth of a second with hardly a round. Sockets may stir
  // for a while after a transfer; what spins or polls never rests.
  bool FallsQuiet();

  // Cancels scope_ and runs until every task that was started is over.
  void Unwind(CancelReason reason = CancelReason::kKilled);

  // Tasks that were started and are not over.
  int running() const { return running_; }

  std::unique_ptr<SocketStream> MakeStream(Fd fd);

  EventLoop loop_;
  Scope scope_{loop_};

 private:
  template <class T>
  static Task<void> Store(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await task);
  }

  int running_ = 0;
};

// Two ends of one connection, non-blocking. An end is used raw, or made a stream.
using FdPair = std::pair<Fd, Fd>;
FdPair TcpPair();
FdPair UnixPair();

// Small socket buffers, so that a writer soon meets a reader that does not read.
void ShrinkBuffers(int fd);

// Closes with RST.
void Reset(Fd fd);

// `size` bytes that repeat with no period shorter than that, the same for the same `seed`.
std::string Pattern(size_t size, uint32_t seed);

// Descriptors that the process has open.
int CountOpenFds();

}  // namespace culvert::net

#endif  // CULVERT_TEST_NET_TEST_UTIL_H_
