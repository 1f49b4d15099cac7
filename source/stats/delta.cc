#include "source/stats/delta.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace culvert::stats {
namespace {

// Both are sorted by `key`, and one is seldom far ahead of the other.
template <typename Element, typename Key>
const Element* FindFrom(typename std::vector<Element>::const_iterator& at,
                        const std::vector<Element>& sorted, const Key& key, Key Element::* member) {
  while (at != sorted.end() && (*at).*member < key) ++at;
  return at != sorted.end() && (*at).*member == key ? &*at : nullptr;
}

std::optional<HistogramValue> Grown(const HistogramValue* before, const HistogramValue& now) {
  if (before == nullptr)
    return now.Count() == 0 && now.sum == 0 ? std::nullopt : std::optional(now);
  if (before->buckets == now.buckets && before->sum == now.sum) return std::nullopt;
  HistogramValue grown = now;
  for (size_t i = 0; i < grown.buckets.size(); ++i) grown.buckets[i] -= before->buckets[i];
  grown.sum -= before->sum;
  return grown;
}

std::optional<Sample> Grown(const Sample* before, const Sample& now) {
  if (const auto* histogram = std::get_if<HistogramValue>(&now.value)) {
    const auto* old = before != nullptr ? &std::get<HistogramValue>(before->value) : nullptr;
    auto grown = Grown(old, *histogram);
    if (!grown) return std::nullopt;
    return Sample{now.labels, *std::move(grown)};
  }
  const uint64_t grown =
      std::get<uint64_t>(now.value) - (before != nullptr ? std::get<uint64_t>(before->value) : 0);
  if (grown == 0) return std::nullopt;
  return Sample{now.labels, grown};
}

}  // namespace

Snapshot CountedSince(const Snapshot& before, const Snapshot& now) {
  static const std::vector<Sample> kNone;
  Snapshot counted;
  auto old_family = before.begin();
  for (const FamilySnapshot& family : now) {
    if (family.kind == Kind::kGauge) continue;
    const FamilySnapshot* old = FindFrom(old_family, before, family.name, &FamilySnapshot::name);
    // A family that was only imported gives way to one of another shape.
    if (old != nullptr && (old->kind != family.kind || old->bounds != family.bounds)) old = nullptr;
    const std::vector<Sample>& old_samples = old != nullptr ? old->samples : kNone;
    auto old_sample = old_samples.begin();
    std::vector<Sample> samples;
    for (const Sample& sample : family.samples) {
      auto grown = Grown(FindFrom(old_sample, old_samples, sample.labels, &Sample::labels), sample);
      if (grown) samples.push_back(*std::move(grown));
    }
    if (samples.empty()) continue;
    counted.push_back({family.name, family.help, family.kind, family.bounds, std::move(samples)});
  }
  return counted;
}

}  // namespace culvert::stats
