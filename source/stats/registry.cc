#include "source/stats/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "source/stats/naming.h"

namespace culvert::stats {
namespace {

[[noreturn]] void Fatal(std::string_view name, std::string_view what) {
  fmt::print(stderr, "culvert: metric '{}': {}\n", name, what);
  std::abort();
}

std::vector<std::string> SortAndName(Labels& labels) {
  std::sort(labels.begin(), labels.end());
  std::vector<std::string> names;
  names.reserve(labels.size());
  for (const auto& [name, value] : labels) names.push_back(name);
  return names;
}

// Above these a sum might run over, and so go back.
constexpr uint64_t kMostSum = uint64_t{1} << 62;
constexpr uint64_t kMostInBucket = uint64_t{1} << 50;

bool ImportInto(Counter& counter, uint64_t amount) {
  if (amount > kMostSum || counter.Value() > kMostSum) return false;
  counter.AddShared(amount);
  return true;
}

bool ImportInto(Histogram& histogram, const HistogramValue& value) {
  const HistogramValue now = histogram.Value();
  if (value.buckets.size() != now.buckets.size() || now.Count() > kMostSum ||
      std::ranges::max(value.buckets) > kMostInBucket || !(value.sum >= 0) ||
      !std::isfinite(now.sum + value.sum))
    return false;
  histogram.AddShared(value);
  return true;
}

}  // namespace

std::string Registry::Family::Conflict(const Family& other) const {
  if (kind != other.kind) return "registered before with another kind";
  if (label_names != other.label_names) return "registered before with other label names";
  if (bounds != other.bounds) return "registered before with other buckets";
  return "";
}

Registry::Family& Registry::GetFamily(std::string_view name, Kind kind, std::string_view help,
                                      std::span<const double> bounds, Labels& labels) {
  Family wanted{kind, std::string(help), SortAndName(labels), {bounds.begin(), bounds.end()}};
  wanted.claimed = true;
  auto found = families_.find(name);
  if (found != families_.end() && !found->second.claimed) {
    // Only another process has counted it so far, perhaps one of another version: what it is, is
    // for this program to say. Nobody has a reference to it.
    if (!found->second.Conflict(wanted).empty()) {
      imported_series_ -= found->second.series.size();
      families_.erase(found);
      found = families_.end();
    } else {
      found->second.help = help;
      found->second.claimed = true;
    }
  }
  if (found == families_.end()) {
    const std::string problem = FamilyProblem(name, kind, bounds, wanted.label_names);
    if (!problem.empty()) Fatal(name, problem);
    return families_.emplace(name, std::move(wanted)).first->second;
  }
  Family& family = found->second;
  if (const std::string conflict = family.Conflict(wanted); !conflict.empty())
    Fatal(name, conflict);
  if (family.help != help) Fatal(name, "registered before with another help text");
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

size_t Registry::Import(const Snapshot& counted) {
  size_t passed_over = 0;
  for (const FamilySnapshot& family : counted) {
    const std::lock_guard lock(mutex_);
    for (const Sample& sample : family.samples) {
      if (!ImportSample(family, sample)) ++passed_over;
    }
  }
  return passed_over;
}

bool Registry::ImportSample(const FamilySnapshot& source, const Sample& sample) {
  Labels labels = sample.labels;
  Family wanted{source.kind, source.help, SortAndName(labels), source.bounds};
  if (source.kind == Kind::kGauge || labels.size() > kMostImportedLabels) return false;
  auto found = families_.find(source.name);
  if (found == families_.end()) {
    if (imported_series_ >= kMostImportedSeries || source.bounds.size() > kMostImportedBounds ||
        !FamilyProblem(source.name, source.kind, source.bounds, wanted.label_names).empty())
      return false;
    found = families_.emplace(source.name, std::move(wanted)).first;
  } else if (!found->second.Conflict(wanted).empty()) {
    return false;
  }
  Family& family = found->second;
  auto series = family.series.find(labels);
  if (series == family.series.end()) {
    if (imported_series_ >= kMostImportedSeries) return false;
    ++imported_series_;
    series =
        family.kind == Kind::kCounter
            ? family.series.try_emplace(std::move(labels), std::in_place_type<Counter>, workers_)
                  .first
            : family.series
                  .try_emplace(std::move(labels), std::in_place_type<Histogram>, workers_,
                               family.bounds)
                  .first;
  }
  if (auto* counter = std::get_if<Counter>(&series->second)) {
    const auto* amount = std::get_if<uint64_t>(&sample.value);
    return amount != nullptr && ImportInto(*counter, *amount);
  }
  const auto* value = std::get_if<HistogramValue>(&sample.value);
  return value != nullptr && ImportInto(std::get<Histogram>(series->second), *value);
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
