// Bytes a second of connections that are listed round by round. Owned by the call that lists them;
// one thread.
#ifndef CULVERT_SOURCE_ADMIN_CONNECTION_RATES_H_
#define CULVERT_SOURCE_ADMIN_CONNECTION_RATES_H_

#include <chrono>
#include <cstdint>
#include <unordered_map>

#include "api/culvert/admin/v1/runtime.pb.h"
#include "source/server/connection_info.h"

namespace culvert::admin {

class ConnectionRates {
 public:
  using Time = std::chrono::system_clock::time_point;

  // Since the round before; of a connection that was not in it, since its start. `now`: when
  // `connection` was looked at.
  void Set(const server::ConnectionInfo& connection, Time now, v1::Connection& message);
  // Every connection has been looked at; those that were not are forgotten.
  void EndRound();

 private:
  struct Count {
    Time time;
    uint64_t received = 0;
    uint64_t sent = 0;
  };

  std::unordered_map<uint64_t, Count> before_;
  std::unordered_map<uint64_t, Count> seen_;
};

}  // namespace culvert::admin

#endif  // CULVERT_SOURCE_ADMIN_CONNECTION_RATES_H_
