#include "source/stats/naming.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace culvert::stats {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsIdentifier(std::string_view text) {
  return !text.empty() && !IsDigit(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLower(c) || IsDigit(c) || c == '_'; });
}

// culvert_<area>_<event>: no empty word between underscores, and two words after the first.
bool IsMetricName(std::string_view name) {
  return IsIdentifier(name) && name.starts_with("culvert_") && !name.ends_with('_') &&
         name.find("__") == name.npos && std::count(name.begin(), name.end(), '_') >= 2;
}

std::string NameProblem(std::string_view name, Kind kind) {
  if (!IsMetricName(name)) return "the name is not of the form culvert_<area>_<event>";
  if (name.ends_with("_total") != (kind == Kind::kCounter)) {
    return "counters, and nothing else, end in _total";
  }
  // The series of a histogram have these; another family of that name would mix with them.
  for (std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (name.ends_with(suffix)) return fmt::format("the suffix {} is taken", suffix);
  }
  return "";
}

std::string BoundsProblem(std::span<const double> bounds) {
  if (bounds.empty()) return "a histogram needs buckets";
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (!std::isfinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1])) {
      return "bucket bounds must be finite and ascend";
    }
  }
  return "";
}

std::string LabelProblem(Kind kind, std::span<const std::string> names) {
  for (const std::string& label : names) {
    if (!IsIdentifier(label) || label.starts_with("__")) {
      return fmt::format("malformed label name '{}'", label);
    }
    if (kind == Kind::kHistogram && label == "le") return "the label 'le' is taken";
  }
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
    return "a label is given twice";
  }
  return "";
}

}  // namespace

std::string FamilyProblem(std::string_view name, Kind kind, std::span<const double> bounds,
                          std::span<const std::string> label_names) {
  if (std::string problem = NameProblem(name, kind); !problem.empty()) return problem;
  if (kind == Kind::kHistogram) {
    if (std::string problem = BoundsProblem(bounds); !problem.empty()) return problem;
  }
  return LabelProblem(kind, label_names);
}

}  // namespace culvert::stats
