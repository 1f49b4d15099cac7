#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <string>

#include "source/ctl/commands.h"
#include "source/ctl/human.h"
#include "source/ctl/screen.h"
#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

// `name{label="value"}`, as Prometheus has it.
std::string NameOf(const v1::Metric& metric) {
  const std::map<std::string, std::string> labels(metric.labels().begin(), metric.labels().end());
  std::string text;
  for (const auto& [label, value] : labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", label, value);
  }
  return text.empty() ? metric.name() : fmt::format("{}{{{}}}", metric.name(), text);
}

uint64_t CountOf(const v1::Histogram& histogram) {
  uint64_t count = 0;
  for (const auto& bucket : histogram.buckets()) count += bucket.count();
  return count;
}

// The bound that `share` of the values are not above.
std::string Quantile(const v1::Histogram& histogram, double share) {
  const auto wanted =
      static_cast<uint64_t>(std::ceil(share * static_cast<double>(CountOf(histogram))));
  uint64_t seen = 0;
  double below = 0;
  for (const auto& bucket : histogram.buckets()) {
    seen += bucket.count();
    if (seen >= wanted && !std::isinf(bucket.upper_bound())) {
      return fmt::format("<={:g}", bucket.upper_bound());
    }
    if (!std::isinf(bucket.upper_bound())) below = bucket.upper_bound();
  }
  return fmt::format(">{:g}", below);
}

std::string ValueOf(const v1::Metric& metric) {
  switch (metric.value_case()) {
    case v1::Metric::kCounter:
      return std::to_string(metric.counter());
    case v1::Metric::kGauge:
      return std::to_string(metric.gauge());
    case v1::Metric::kHistogram: {
      const uint64_t count = CountOf(metric.histogram());
      if (count == 0) return "0 values";
      return fmt::format("{}, mean {:.3g}, p50 {}, p99 {}", Count(count, "value"),
                         metric.histogram().sum() / static_cast<double>(count),
                         Quantile(metric.histogram(), 0.5), Quantile(metric.histogram(), 0.99));
    }
    case v1::Metric::VALUE_NOT_SET:
      break;
  }
  return "";
}

// What only grows, by name: counters, and how many values histograms have.
using Counts = std::map<std::string, uint64_t>;

Counts CountsOf(const v1::GetStatsResponse& response) {
  Counts counts;
  for (const v1::Metric& metric : response.metrics()) {
    if (metric.has_counter()) counts[NameOf(metric)] = metric.counter();
    if (metric.has_histogram()) counts[NameOf(metric)] = CountOf(metric.histogram());
  }
  return counts;
}

Table MakeTable(const v1::GetStatsResponse& response) {
  Table table({{.title = "METRIC", .minimum = 24}, {.title = "VALUE", .minimum = 16}});
  for (const v1::Metric& metric : response.metrics()) table.Add({NameOf(metric), ValueOf(metric)});
  return table;
}

// As above, with what each count grew by in a second.
class Watch {
 public:
  Table Next(const v1::GetStatsResponse& response) {
    Table table({{.title = "METRIC", .minimum = 24},
                 {.title = "A SECOND", .right = true},
                 {.title = "VALUE", .minimum = 16}});
    Counts counts = CountsOf(response);
    const WallTime time = ToWallTime(response.time());
    const double seconds = std::chrono::duration<double>(time - time_).count();
    for (const v1::Metric& metric : response.metrics()) {
      const std::string name = NameOf(metric);
      const auto now = counts.find(name);
      const auto before = counts_.find(name);
      std::string rate;
      if (now != counts.end() && before != counts_.end() && seconds > 0) {
        const double growth =
            static_cast<double>(now->second) - static_cast<double>(before->second);
        rate = HumanNumber(growth / seconds);
      }
      table.Add({name, rate, ValueOf(metric)});
    }
    counts_ = std::move(counts);
    time_ = time;
    return table;
  }

 private:
  Counts counts_;
  WallTime time_;
};

int WatchStats(const Invocation& invocation, const std::string& filter) {
  int exit_status = kDone;
  const auto pace = ReadWatchPace(invocation, &exit_status);
  if (!pace) return exit_status;
  v1::WatchStatsRequest request;
  request.set_filter(filter);
  *request.mutable_interval() = ToProto(pace->interval);
  Screen screen(invocation.console);
  Watch watch;
  uint64_t shown = 0;
  const auto show = [&](const v1::GetStatsResponse& response) {
    if (invocation.json) {
      invocation.PrintJson(response, JsonForm::kLine);
    } else {
      const std::string heading = fmt::format("{} UTC, {}", HumanTime(response.time()),
                                              Count(response.metrics_size(), "metric"));
      screen.Draw(heading, watch.Next(response));
    }
    return ++shown != pace->count;
  };
  const Outcome outcome = invocation.client.Watch(request, show);
  return outcome.ok() ? kDone : invocation.Refuse(outcome);
}

int Stats(const Invocation& invocation) {
  const auto& words = invocation.arguments.words();
  const std::string filter = words.empty() ? "" : words.front();
  if (invocation.arguments.Has("watch")) return WatchStats(invocation, filter);
  v1::GetStatsRequest request;
  request.set_filter(filter);
  v1::GetStatsResponse response;
  const Outcome outcome = invocation.Call("fetching the metrics", request, &response);
  if (!outcome.ok()) return invocation.Refuse(outcome);
  if (invocation.json) return invocation.PrintJson(response);
  invocation.console.PrintLines(MakeTable(response).Lines(invocation.console.TableOptions()));
  return kDone;
}

}  // namespace

std::vector<Entry> StatsCommands() {
  return {
      {{"stats",
        "prints metrics",
        "culvertctl stats connections --watch",
        {kWatchOption, kIntervalOption, kCountOption},
        {{"FILTER", "only metrics whose name contains this", 0, 1}}},
       Stats},
  };
}

}  // namespace culvert::ctl
