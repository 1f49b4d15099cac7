// What a family of metrics may be called and look like. Pure.
#ifndef CULVERT_SOURCE_STATS_NAMING_H_
#define CULVERT_SOURCE_STATS_NAMING_H_

#include <span>
#include <string>
#include <string_view>

#include "source/stats/snapshot.h"

namespace culvert::stats {

// What is wrong with a family; empty: nothing. `label_names` are sorted; `bounds` count for
// histograms only.
std::string FamilyProblem(std::string_view name, Kind kind, std::span<const double> bounds,
                          std::span<const std::string> label_names);

}  // namespace culvert::stats

#endif  // CULVERT_SOURCE_STATS_NAMING_H_
