// What the services of the API have in common. Owned by the AdminServer, outlives every call.
#ifndef CULVERT_SOURCE_ADMIN_BACKEND_H_
#define CULVERT_SOURCE_ADMIN_BACKEND_H_

#include <semaphore>
#include <stop_token>
#include <string>
#include <vector>

#include "source/admin/callers.h"
#include "source/filter/admin_gate.h"
#include "source/server/control.h"

namespace culvert::admin {

struct Backend {
  server::Control& control;
  const Callers& callers;
  // One for each watch that may begin.
  std::counting_semaphore<>& watches;
  // The process ends.
  std::stop_token stop;
  // The filters that a config may name.
  std::vector<std::string> filter_names;
  // Of all who call through this one.
  filter::AdminRole role;

  bool may_change() const { return role == filter::AdminRole::kReadWrite; }
};

}  // namespace culvert::admin

#endif  // CULVERT_SOURCE_ADMIN_BACKEND_H_
