// What was counted between two moments: for a reader that adds up the counters of another process.
// Pure.
#ifndef CULVERT_SOURCE_STATS_DELTA_H_
#define CULVERT_SOURCE_STATS_DELTA_H_

#include "source/stats/snapshot.h"

namespace culvert::stats {

// The counters and histograms of `now` that differ from `before`, an earlier snapshot of the same
// registry, less what they said then. Gauges say how things are, not what has happened, and are
// left out.
Snapshot CountedSince(const Snapshot& before, const Snapshot& now);

}  // namespace culvert::stats

#endif  // CULVERT_SOURCE_STATS_DELTA_H_
