// What is different between two snapshots, for those who are to be disturbed no more than needed.
// Main thread.
#ifndef CULVERT_SOURCE_SERVER_SNAPSHOT_CHANGE_H_
#define CULVERT_SOURCE_SERVER_SNAPSHOT_CHANGE_H_

#include "source/server/snapshot.h"

namespace culvert::server {

// Whether the config says of a listener and of all that it refers to in `after` what it said in
// `before`. Files may have changed.
bool SameConfig(const Snapshot& before, const ListenerSnapshot& listener_before,
                const Snapshot& after, const ListenerSnapshot& listener_after);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_SNAPSHOT_CHANGE_H_
