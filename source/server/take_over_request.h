// The new process's side of a hot restart: asks the running one for its sockets and state, says
// when it is ready to serve, and adds up what the old one still counts until that has ended. Owned
// by the server; main thread.
#ifndef CULVERT_SOURCE_SERVER_TAKE_OVER_REQUEST_H_
#define CULVERT_SOURCE_SERVER_TAKE_OVER_REQUEST_H_

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "source/base/time.h"
#include "source/net/address.h"
#include "source/net/scope.h"
#include "source/net/task.h"
#include "source/server/fd_channel.h"
#include "source/server/take_over_state.h"
#include "source/stats/registry.h"

namespace culvert::server {

namespace take_over {
class Counters;
}

// Begin(), then build everything from state(), then Commit(), then serve and Follow(). Destroyed
// before Commit() has succeeded, by a crash too, it leaves the old process as it was.
class TakeOverRequest {
 public:
  // Blocks until the deadline at most. NotFound: no process is there to take over from. The old
  // process applies no config from now on until this one has committed or is gone.
  static absl::StatusOr<std::unique_ptr<TakeOverRequest>> Begin(const std::string& state_directory,
                                                                TimePoint deadline);
  ~TakeOverRequest();

  // To be moved from. Sockets that are left in it are closed by Commit(): connections would wait in
  // them for ever.
  TakeOverState& state() { return state_; }

  // Says that all is ready, that `taken` are the addresses whose sockets are in use here, and waits
  // until the old process has let go; its counters are in `stats`, which outlives this, when the
  // call returns. An error: the old process goes on, and this one must not serve. A deadline of
  // less than kCommitTimeout from now is put off to that: the old process may be late but must not
  // let go of what is no longer wanted.
  absl::Status Commit(std::span<const net::SocketAddress> taken, stats::Registry& stats,
                      TimePoint deadline);
  static constexpr Duration kCommitTimeout = std::chrono::seconds(30);

  // Instead of Commit(): the reason, for the log of the old process. Does nothing once that has
  // let go.
  void GiveUp(std::string_view why);

  // After Commit(): adds what the old process still counts, in `scope`, which is cancelled before
  // this is destroyed. `on_gone` is called once, when the old process has ended (or no longer
  // speaks, or the scope is cancelled). A process that is replaced itself should not end before, or
  // what comes later is lost.
  void Follow(net::Scope& scope, std::function<void()> on_gone);
  // The old process is no longer to be waited for.
  bool predecessor_gone() const { return channel_ == nullptr; }

 private:
  explicit TakeOverRequest(std::unique_ptr<FdChannel> channel) : channel_(std::move(channel)) {}

  absl::Status Ask(TimePoint deadline);
  absl::Status AwaitRelease(TimePoint deadline);
  net::Task<void> AddCounters();
  void Import(const take_over::Counters& counters);

  std::unique_ptr<FdChannel> channel_;
  TakeOverState state_;
  stats::Registry* stats_ = nullptr;
  bool committed_ = false;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_TAKE_OVER_REQUEST_H_
