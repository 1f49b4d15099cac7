// The old process's side of a hot restart: waits on a unix socket in the state directory for a
// successor, hands its sockets and state over, and afterwards tells it what is still being counted.
// A successor that fails, hangs or talks nonsense costs nothing but its own attempt. Owned by the
// server; main thread.
#ifndef CULVERT_SOURCE_SERVER_TAKE_OVER_OFFER_H_
#define CULVERT_SOURCE_SERVER_TAKE_OVER_OFFER_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "source/base/time.h"
#include "source/net/address.h"
#include "source/net/fd.h"
#include "source/net/scope.h"
#include "source/net/task.h"
#include "source/server/fd_channel.h"
#include "source/server/take_over_state.h"
#include "source/stats/registry.h"

namespace culvert::server {

class TakeOverOffer {
 public:
  // The process, as it is seen from here.
  class Host {
   public:
    virtual ~Host() = default;
    // What a successor gets. From a MakeOffer() that gives it until Release() or Abandoned(), of
    // which exactly one follows, nothing of it may change. An error is told to the successor, and
    // nothing follows.
    virtual absl::StatusOr<TakeOverState> MakeOffer() = 0;
    // The successor serves: stop accepting, without harm to the sockets of the addresses that were
    // taken, and drain. This process may have begun to end already.
    virtual void Release(const std::vector<net::SocketAddress>& taken, pid_t successor) = 0;
    // The successor failed, as said; or this process began to end meanwhile. Go on.
    virtual void Abandoned(std::string_view why) = 0;
  };

  struct Options {
    // An existing folder of mode 0700.
    std::string state_directory;
    // This process has just taken over from the one that listens there. Else finding one is an
    // error: two processes must not share a state directory.
    bool replaces = false;
    Duration hello_timeout = std::chrono::seconds(5);
    // From the offer to the successor's being ready.
    Duration ready_timeout = std::chrono::seconds(60);
    // To write one message.
    Duration send_timeout = std::chrono::seconds(10);
    Duration counter_interval = std::chrono::seconds(1);
  };

  // Listens, and waits in `scope`, which is to be cancelled and whose loop is to be run once before
  // this is destroyed. `stats`, `host` and `scope` outlive it.
  static absl::StatusOr<std::unique_ptr<TakeOverOffer>> Listen(Options options,
                                                               const stats::Registry& stats,
                                                               Host& host, net::Scope& scope);
  ~TakeOverOffer();

  // No successor from now on: the process ends for another reason. Does nothing once released().
  void Stop();

  // When all has been counted: tells the successor the last of it, and leaves it. Blocks until the
  // deadline at most. After the scope was cancelled and the loop has run. Does nothing without a
  // successor.
  void Finish(TimePoint deadline);

  // A successor has taken over.
  bool released() const { return released_; }

 private:
  TakeOverOffer(Options options, const stats::Registry& stats, Host& host, net::Scope& scope)
      : options_(std::move(options)), stats_(stats), host_(host), scope_(scope) {}

  absl::Status Bind();
  void CloseListener();
  net::Task<void> Run();
  // The next peer of the same user; invalid when there is to be none.
  net::Task<net::Fd> Accept();
  net::Task<void> Attempt(net::Fd peer);
  // Why the peer does not become the successor; empty: it does.
  net::Task<std::string> Meet(FdChannel& channel);
  net::Task<std::string> HandOver(FdChannel& channel, TakeOverState state,
                                  std::vector<net::SocketAddress>& taken);
  net::Task<void> SendCounters();
  // Puts what was counted since the last call into unsent_.
  void TakeCounters();

  const Options options_;
  const stats::Registry& stats_;
  Host& host_;
  net::Scope scope_;  // within the one that was given
  net::Fd listener_;
  net::FdEvents listener_events_;
  struct stat file_ = {};  // the socket's, to know it again
  bool released_ = false;
  std::unique_ptr<FdChannel> successor_;
  stats::Snapshot told_;  // what the successor knows, with unsent_
  std::deque<ChannelMessage> unsent_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_TAKE_OVER_OFFER_H_
