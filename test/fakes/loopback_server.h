// Places to dial on 127.0.0.1, for tests of what connects: one that accepts, one that refuses, one
// that never answers.
#ifndef CULVERT_TEST_FAKES_LOOPBACK_SERVER_H_
#define CULVERT_TEST_FAKES_LOOPBACK_SERVER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "source/net/fd.h"

namespace culvert::fakes {

class LoopbackServer {
 public:
  enum class Kind : uint8_t {
    kAccepts,
    kRefuses,
    kSilent,  // SYNs are dropped: its queue is full
  };
  explicit LoopbackServer(Kind kind = Kind::kAccepts);

  uint16_t port() const { return port_; }
  // `127.0.0.1:port`
  std::string address() const;
  // A connection that has come in, non-blocking; not valid where there is none yet.
  net::Fd TryAccept();

 private:
  net::Fd fd_;
  uint16_t port_ = 0;
  std::vector<net::Fd> fillers_;
};

}  // namespace culvert::fakes

#endif  // CULVERT_TEST_FAKES_LOOPBACK_SERVER_H_
