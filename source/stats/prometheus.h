// A snapshot of the metrics as Prometheus text (exposition format 0.0.4). Pure: values in, text
// out.
#ifndef CULVERT_SOURCE_STATS_PROMETHEUS_H_
#define CULVERT_SOURCE_STATS_PROMETHEUS_H_

#include <string>
#include <string_view>

#include "source/stats/snapshot.h"

namespace culvert::stats {

// What an HTTP answer says of the text.
inline constexpr std::string_view kPrometheusContentType =
    "text/plain; version=0.0.4; charset=utf-8";

// In the order of the snapshot, so that two reads of the same state give the same bytes. Ends in a
// newline unless the snapshot is empty. Source:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
std::string FormatPrometheus(const Snapshot& snapshot);

}  // namespace culvert::stats

#endif  // CULVERT_SOURCE_STATS_PROMETHEUS_H_
