// c-ares on an event loop: its sockets are watched, its time-outs are timers, and none of its calls
// waits. Owned by the resolver of one worker; its thread.
#ifndef CULVERT_SOURCE_NET_ARES_CHANNEL_H_
#define CULVERT_SOURCE_NET_ARES_CHANNEL_H_

#include <ares.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "source/base/time.h"
#include "source/net/address.h"
#include "source/net/event_loop.h"
#include "source/net/task.h"

namespace culvert::net {

struct AresOptions {
  // Asked in this order, and names as they are. Empty: servers, search list and options as
  // `resolv_conf` says (resolv.conf(5)).
  std::vector<SocketAddress> servers;
  std::string resolv_conf = "/etc/resolv.conf";
  uint16_t resolv_conf_port = 53;  // of the servers there
  // For the first try of one server; it doubles with every round.
  Duration query_timeout = std::chrono::seconds(2);
  int tries = 2;  // per server
};

class AresChannel {
 public:
  // The loop must outlive the channel, and run once more after it so that its coroutines end.
  static absl::StatusOr<std::unique_ptr<AresChannel>> Create(EventLoop& loop,
                                                             const AresOptions& options);
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;
  // Ends what is under way: `callback` is called with ARES_EDESTRUCTION.
  ~AresChannel();

  // Asks for the records of `type` (RFC 1035 section 3.2.2) of `name`. `callback` is called once,
  // perhaps inside this call, and must not call the channel.
  void Search(const std::string& name, int type, ares_callback callback, void* argument);

 private:
  // A socket of c-ares, which opens and closes it. The coroutine that serves it ends some time
  // after that; both own this.
  struct Socket;

  class Retry final : public Timer {
   public:
    explicit Retry(AresChannel& channel) : channel_(channel) {}
    // Fires at `when`, or earlier if it is armed for that already.
    void NotAfter(TimePoint when);

   private:
    void OnTimer() override { channel_.ProcessTimeouts(); }

    AresChannel& channel_;
    TimePoint when_ = kNever;
  };

  AresChannel(EventLoop& loop, Duration query_timeout)
      : loop_(loop), query_timeout_(query_timeout), retry_(*this) {}

  absl::Status Open(const AresOptions& options);
  absl::Status SetServers(const std::vector<SocketAddress>& servers);
  void OnSocketState(int fd, bool wants_read, bool wants_write);
  void ProcessTimeouts();
  static Task<void> Serve(std::shared_ptr<Socket> socket);

  EventLoop& loop_;
  const Duration query_timeout_;
  Retry retry_;
  std::unordered_map<int, std::shared_ptr<Socket>> sockets_;
  ares_channel channel_ = nullptr;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_ARES_CHANNEL_H_
