// The filter of `metrics`. One object serves all requests of a chain, on every worker.
#ifndef CULVERT_EXTENSIONS_METRICS_FILTER_H_
#define CULVERT_EXTENSIONS_METRICS_FILTER_H_

#include <string>
#include <string_view>
#include <utility>

#include "source/filter/filter.h"
#include "source/stats/registry.h"

namespace culvert::extensions::metrics {

inline constexpr std::string_view kName = "metrics";

class Metrics final : public filter::HttpFilter {
 public:
  // The registry is the process's and outlives every filter.
  Metrics(std::string path, const stats::Registry& registry)
      : path_(std::move(path)), registry_(registry) {}

  filter::Task<filter::HttpVerdict> OnRequest(culvert::http::Exchange& exchange,
                                              filter::ConnectionContext& connection) const override;

 private:
  const std::string path_;
  const stats::Registry& registry_;
};

}  // namespace culvert::extensions::metrics

#endif  // CULVERT_EXTENSIONS_METRICS_FILTER_H_
