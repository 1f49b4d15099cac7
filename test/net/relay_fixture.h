// What tests of the relay share: a tunnel over real sockets whose four ends are all in the test,
// and peers that send and receive through it. One thread.
#ifndef CULVERT_TEST_NET_RELAY_FIXTURE_H_
#define CULVERT_TEST_NET_RELAY_FIXTURE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "source/net/io_result.h"
#include "source/net/relay.h"
#include "source/net/socket_stream.h"
#include "test/net/test_util.h"

namespace culvert::net {

// client <-> downstream | relay | upstream <-> server; all ends on one loop.
struct Tunnel {
  explicit Tunnel(EventLoop& loop);
  std::unique_ptr<SocketStream> client;
  std::unique_ptr<SocketStream> downstream;
  std::unique_ptr<SocketStream> upstream;
  std::unique_ptr<SocketStream> server;
  RelayOptions options;
  std::optional<RelayResult> result;
};

// Relays, and destroys the relay's two streams at the end, as a filter does.
Task<void> RunRelay(Tunnel& tunnel);

// Peers. What they refer to outlives them.
Task<void> SendAndEnd(SocketStream& stream, const std::string& data, bool& ok);
// Sends until it fails.
Task<void> SendForEver(SocketStream& stream);
// Reads until the end or a failure, `piece` bytes at most at a time with a pause of `pause` after
// each.
Task<void> ReceiveAll(SocketStream& stream, size_t piece, Duration pause, std::string& received,
                      std::optional<IoResult>& end);
// The same with nothing to remember.
Task<void> ReceiveAndForget(SocketStream& stream);

class RelayFixture : public LoopFixture {
 protected:
  void StartRelay() { Start(RunRelay(tunnel_)); }
  void AwaitResult();

  // What a peer reads next; "<end>" or "<reset>" instead of bytes.
  std::string ReadSome(SocketStream& stream);
  void Write(SocketStream& stream, std::string_view data);
  // Sends from the client until nothing moves any more: the server does not read.
  void Jam();
  size_t pipes_in_use() { return loop_.scratch().pipes.in_use(); }

  Tunnel tunnel_{loop_};
  SocketStream& client_ = *tunnel_.client;
  SocketStream& server_ = *tunnel_.server;
};

}  // namespace culvert::net

#endif  // CULVERT_TEST_NET_RELAY_FIXTURE_H_
