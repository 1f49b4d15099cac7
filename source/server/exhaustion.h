// Tells operators that the process is out of descriptors or memory: once when it begins and once
// when it is over, however many workers notice. Owned by the pool of workers; any thread.
#ifndef CULVERT_SOURCE_SERVER_EXHAUSTION_H_
#define CULVERT_SOURCE_SERVER_EXHAUSTION_H_

#include <atomic>
#include <cstdint>

#include "source/base/log.h"

namespace culvert::server {

class Exhaustion {
 public:
  // Once by each worker that cannot accept, until it has called Leave().
  void Enter() {
    if (workers_.fetch_add(1, std::memory_order_relaxed) != 0) return;
    log::Warning(
        log::kListener,
        "out of file descriptors or memory: accepting pauses until connections end; raise the "
        "limit (ulimit -n) or set process.max_connections");
  }
  void Leave() {
    if (workers_.fetch_sub(1, std::memory_order_relaxed) != 1) return;
    log::Info(log::kListener, "accepting connections again");
  }

 private:
  std::atomic<uint32_t> workers_ = 0;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_EXHAUSTION_H_
