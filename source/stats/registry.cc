#include "source/stats/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace culvert::stats {
namespace {

[[noreturn]] void Fatal(std::string_view name, std::string_view what) {
  fmt::print(stderr, "culvert: metric '{}': {}\n", name, what);
  std::abort();
}

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

void CheckName(std::string_view name, Kind kind) {
  if (!IsMetricName(name)) Fatal(name, "the name is not of the form culvert_<area>_<event>");
  if (name.ends_with("_total") != (kind == Kind::kCounter)) {
    Fatal(name, "counters, and nothing else, end in _total");
  }
  // The series of a histogram have these; another family of that name would mix with them.
  for (std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (name.ends_with(suffix)) Fatal(name, fmt::format("the suffix {} is taken", suffix));
  }
}

void CheckBounds(std::string_view name, Kind kind, std::span<const double> bounds) {
  if (kind != Kind::kHistogram) return;
  if (bounds.empty()) Fatal(name, "a histogram needs buckets");
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (!std::isfinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1])) {
      Fatal(name, "bucket bounds must be finite and ascend");
    }
  }
}

void CheckLabelNames(std::string_view name, Kind kind, const std::vector<std::string>& names) {
  for (const std::string& label : names) {
    if (!IsIdentifier(label) || label.starts_with("__")) {
      Fatal(name, fmt::format("malformed label name '{}'", label));
    }
    if (kind == Kind::kHistogram && label == "le") Fatal(name, "the label 'le' is taken");
  }
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
    Fatal(name, "a label is given twice");
  }
}

std::vector<std::string> SortAndName(Labels& labels) {
  std::sort(labels.begin(), labels.end());
  std::vector<std::string> names;
  names.reserve(labels.size());
  for (const auto& [name, value] : labels) names.push_back(name);
  return names;
}

}  // namespace

Registry::Family& Registry::GetFamily(std::string_view name, Kind kind, std::string_view help,
                                      std::span<const double> bounds, Labels& labels) {
  std::vector<std::string> label_names = SortAndName(labels);
  const auto found = families_.find(name);
  if (found == families_.end()) {
    CheckName(name, kind);
    CheckBounds(name, kind, bounds);
    CheckLabelNames(name, kind, label_names);
    return families_
        .emplace(name, Family{kind,
                              std::string(help),
                              std::move(label_names),
                              std::vector<double>(bounds.begin(), bounds.end()),
                              {}})
        .first->second;
  }
  Family& family = found->second;
  if (family.kind != kind) Fatal(name, "registered before with another kind");
  if (family.help != help) Fatal(name, "registered before with another help text");
  if (family.label_names != label_names) Fatal(name, "registered before with other label names");
  if (!std::equal(family.bounds.begin(), family.bounds.end(), bounds.begin(), bounds.end())) {
    Fatal(name, "registered before with other buckets");
  }
  return family;
}

Counter& Registry::GetCounter(std::string_view name, Labels labels, std::string_view help) {
  const std::lock_guard lock(mutex_);
  Family& family = GetFamily(name, Kind::kCounter, help, {}, labels);
  return std::get<Counter>(
      family.series.try_emplace(std::move(labels), std::in_place_type<Counter>, workers_)
          .first->second);
}

Gauge& Registry::GetGauge(std::string_view name, Labels labels, std::string_view help) {
  const std::lock_guard lock(mutex_);
  Family& family = GetFamily(name, Kind::kGauge, help, {}, labels);
  return std::get<Gauge>(
      family.series.try_emplace(std::move(labels), std::in_place_type<Gauge>, workers_)
          .first->second);
}

Histogram& Registry::GetHistogram(std::string_view name, Labels labels, std::string_view help,
                                  std::span<const double> bounds) {
  const std::lock_guard lock(mutex_);
  Family& family = GetFamily(name, Kind::kHistogram, help, bounds, labels);
  return std::get<Histogram>(
      family.series.try_emplace(std::move(labels), std::in_place_type<Histogram>, workers_, bounds)
          .first->second);
}

Snapshot Registry::Read() const {
  const std::lock_guard lock(mutex_);
  Snapshot snapshot;
  snapshot.reserve(families_.size());
  for (const auto& [name, family] : families_) {
    FamilySnapshot& copy =
        snapshot.emplace_back(FamilySnapshot{name, family.help, family.kind, family.bounds, {}});
    copy.samples.reserve(family.series.size());
    for (const auto& [labels, series] : family.series) {
      Sample& sample = copy.samples.emplace_back(Sample{labels, {}});
      std::visit([&](const auto& metric) { sample.value = metric.Value(); }, series);
    }
  }
  return snapshot;
}

Counter& Scope::GetCounter(std::string_view name, Labels labels, std::string_view help) const {
  return registry_->GetCounter(FullName(name), AllLabels(std::move(labels)), help);
}

Gauge& Scope::GetGauge(std::string_view name, Labels labels, std::string_view help) const {
  return registry_->GetGauge(FullName(name), AllLabels(std::move(labels)), help);
}

Histogram& Scope::GetHistogram(std::string_view name, Labels labels, std::string_view help,
                               std::span<const double> bounds) const {
  return registry_->GetHistogram(FullName(name), AllLabels(std::move(labels)), help, bounds);
}

std::string Scope::FullName(std::string_view name) const {
  return fmt::format("{}_{}", prefix_, name);
}

Labels Scope::AllLabels(Labels labels) const {
  labels.insert(labels.end(), labels_.begin(), labels_.end());
  return labels;
}

}  // namespace culvert::stats
