#include "source/stats/prometheus.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace culvert::stats {
namespace {

std::string_view TypeName(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return "counter";
    case Kind::kGauge:
      return "gauge";
    case Kind::kHistogram:
      return "histogram";
  }
  return "untyped";
}

// A help text escapes backslash and newline; a label value the double quote too.
void AppendEscaped(std::string_view text, bool quotes, std::string& out) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

// The shortest text that reads back as the same number; the format has its own words for the
// infinities.
std::string FormatDouble(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// `name{label="value",...}` and a space; `bound` is the upper end of a bucket, empty for other
// series.
void AppendSeries(std::string_view name, const Labels& labels, std::string_view bound,
                  std::string& out) {
  out += name;
  char separator = '{';
  const auto append_label = [&](std::string_view label, std::string_view value) {
    out += separator;
    out += label;
    out += "=\"";
    AppendEscaped(value, true, out);
    out += '"';
    separator = ',';
  };
  for (const auto& [label, value] : labels) append_label(label, value);
  if (!bound.empty()) append_label("le", bound);
  if (separator == ',') out += '}';
  out += ' ';
}

void AppendHistogram(const FamilySnapshot& family, const Labels& labels,
                     const HistogramValue& value, std::string& out) {
  const std::string bucket = family.name + "_bucket";
  uint64_t cumulative = 0;
  for (size_t i = 0; i < value.buckets.size(); ++i) {
    cumulative += value.buckets[i];
    const bool last = i >= family.bounds.size();
    AppendSeries(bucket, labels, last ? "+Inf" : FormatDouble(family.bounds[i]), out);
    fmt::format_to(std::back_inserter(out), "{}\n", cumulative);
  }
  AppendSeries(family.name + "_sum", labels, "", out);
  fmt::format_to(std::back_inserter(out), "{}\n", FormatDouble(value.sum));
  AppendSeries(family.name + "_count", labels, "", out);
  fmt::format_to(std::back_inserter(out), "{}\n", cumulative);
}

void AppendSample(const FamilySnapshot& family, const Sample& sample, std::string& out) {
  if (const auto* histogram = std::get_if<HistogramValue>(&sample.value)) {
    AppendHistogram(family, sample.labels, *histogram, out);
    return;
  }
  AppendSeries(family.name, sample.labels, "", out);
  if (const auto* count = std::get_if<uint64_t>(&sample.value)) {
    fmt::format_to(std::back_inserter(out), "{}\n", *count);
  } else {
    fmt::format_to(std::back_inserter(out), "{}\n", std::get<int64_t>(sample.value));
  }
}

}  // namespace

std::string FormatPrometheus(const Snapshot& snapshot) {
  std::string out;
  for (const FamilySnapshot& family : snapshot) {
    fmt::format_to(std::back_inserter(out), "# HELP {} ", family.name);
    AppendEscaped(family.help, false, out);
    fmt::format_to(std::back_inserter(out), "\n# TYPE {} {}\n", family.name, TypeName(family.kind));
    for (const Sample& sample : family.samples) AppendSample(family, sample, out);
  }
  return out;
}

}  // namespace culvert::stats
