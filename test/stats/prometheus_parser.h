// A strict reader of Prometheus text (exposition format 0.0.4) for tests: what it takes, promtool
// takes. It refuses what the format allows but we do not want: a family without HELP or TYPE,
// unsorted buckets, blank lines.
#ifndef CULVERT_TEST_STATS_PROMETHEUS_PARSER_H_
#define CULVERT_TEST_STATS_PROMETHEUS_PARSER_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace culvert::stats {

struct ParsedFamily {
  std::string type;
  std::string help;
};

struct ParsedMetrics {
  std::map<std::string, ParsedFamily> families;
  // By series as a key with unescaped label values: `name{a=b,le=0.5}`.
  std::map<std::string, double> samples;
  // What is wrong and in which line; the rest is then incomplete.
  std::optional<std::string> error;
};

ParsedMetrics ParsePrometheus(std::string_view text);

}  // namespace culvert::stats

#endif  // CULVERT_TEST_STATS_PROMETHEUS_PARSER_H_
