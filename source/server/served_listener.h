// A listener's snapshot as one worker serves it: shared by what accepts for it there and by its
// connections. Belongs to that worker and its thread.
#ifndef CULVERT_SOURCE_SERVER_SERVED_LISTENER_H_
#define CULVERT_SOURCE_SERVER_SERVED_LISTENER_H_

#include <memory>
#include <utility>

#include "source/server/snapshot.h"

namespace culvert::server {

struct ServedListener {
  explicit ServedListener(ListenerSnapshotPtr served) : snapshot(std::move(served)) {}

  const ListenerSnapshotPtr snapshot;
  // Another one has taken its place, or nothing has.
  bool retired = false;
  // A newer config says something else of the listener: connections have its drain time to end.
  // Shared with those before and after it of which the config says the same.
  std::shared_ptr<bool> changed = std::make_shared<bool>(false);
};
using ServedListenerPtr = std::shared_ptr<ServedListener>;

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_SERVED_LISTENER_H_
