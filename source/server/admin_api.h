// The admin API as the server sees it: made by the program that has one, started by its first
// caller. Owned by the server.
#ifndef CULVERT_SOURCE_SERVER_ADMIN_API_H_
#define CULVERT_SOURCE_SERVER_ADMIN_API_H_

#include <functional>
#include <memory>

#include "api/culvert/config/v1/config.pb.h"
#include "source/filter/admin_gate.h"
#include "source/server/control.h"

namespace culvert::server {

class AdminApi : public filter::AdminGate {
 public:
  // What its health check says from now on: not serving while the process drains. Any thread.
  virtual void SetServing(bool serving) = 0;
  // Ends every call and connection, and takes no more. Main thread, once the control is closed or
  // another process has taken over; blocks for a second or two at most.
  virtual void Stop() = 0;
};

// `control` outlives what is made.
using AdminApiFactory =
    std::function<std::unique_ptr<AdminApi>(Control& control, const config::v1::Admin& limits)>;

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_ADMIN_API_H_
