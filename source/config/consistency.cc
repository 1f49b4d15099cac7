#include "source/config/consistency.h"

#include <algorithm>
#include <unordered_map>

#include "fmt/format.h"
#include "source/config/field_path.h"
#include "source/config/quote.h"
#include "source/config/suggestion.h"

namespace culvert::config {
namespace {

// `items` have a name, which may be empty, and stand at `list`.
template <typename Items>
void CheckUnique(std::string_view list, const Items& items, Diagnostics& diagnostics) {
  std::unordered_map<std::string_view, int> first_with_name;
  for (int i = 0; i < items.size(); ++i) {
    const std::string& name = items[i].name();
    if (name.empty()) continue;
    const auto [first, is_first] = first_with_name.emplace(name, i);
    if (is_first) continue;
    diagnostics.Add(JoinPath(IndexPath(list, i), "name"),
                    fmt::format("the name {} is taken by {}; choose another", Quoted(name),
                                IndexPath(list, first->second)));
  }
}

void CheckListener(const v1::Listener& listener, std::string_view path, Diagnostics& diagnostics) {
  const std::string filters = JoinPath(path, "filters");
  const std::string chains = JoinPath(path, "filter_chains");
  if (diagnostics.Excused(filters) || diagnostics.Excused(chains)) return;
  CheckUnique(chains, listener.filter_chains(), diagnostics);
  if (!listener.filters().empty() && !listener.filter_chains().empty()) {
    diagnostics.Add(chains, "excludes 'filters'; keep one of the two");
  } else if (listener.filters().empty() && listener.filter_chains().empty()) {
    diagnostics.Add(path, "has no filters; add 'filters', or 'filter_chains' with filters");
  }
}

}  // namespace

void CheckConsistency(const v1::Config& config, Diagnostics& diagnostics) {
  CheckUnique("listeners", config.listeners(), diagnostics);
  CheckUnique("clusters", config.clusters(), diagnostics);
  CheckUnique("identity_providers", config.identity_providers(), diagnostics);
  for (int i = 0; i < config.listeners_size(); ++i) {
    CheckListener(config.listeners(i), IndexPath("listeners", i), diagnostics);
  }
  for (int i = 0; i < config.identity_providers_size(); ++i) {
    CheckUnique(JoinPath(IndexPath("identity_providers", i), "users"),
                config.identity_providers(i).users().users(), diagnostics);
  }
}

template <typename Items>
Names::Kind Names::Collect(std::string_view description, std::string_view list, const Items& items,
                           const Diagnostics& diagnostics) {
  Kind kind{.description = description, .list = list, .complete = !diagnostics.Excused(list)};
  for (int i = 0; i < items.size(); ++i) {
    kind.names.push_back(items[i].name());
    if (diagnostics.Excused(JoinPath(IndexPath(list, i), "name"))) kind.complete = false;
  }
  std::ranges::sort(kind.names);
  return kind;
}

Names::Names(const v1::Config& config, const Diagnostics& diagnostics)
    : clusters_(Collect("cluster", "clusters", config.clusters(), diagnostics)),
      identity_providers_(Collect("identity provider", "identity_providers",
                                  config.identity_providers(), diagnostics)) {}

std::optional<std::string> Names::CheckReference(v1::Reference kind, std::string_view name) const {
  if (kind != v1::CLUSTER && kind != v1::IDENTITY_PROVIDER) return std::nullopt;
  const Kind& known = kind == v1::CLUSTER ? clusters_ : identity_providers_;
  if (!known.complete || std::ranges::binary_search(known.names, name)) {
    return std::nullopt;
  }
  const auto meant = Suggest(name, known.names);
  return fmt::format("no {} is named {}{}", known.description, Quoted(name),
                     meant ? fmt::format("; did you mean {}?", Quoted(*meant))
                           : fmt::format("; add it to '{}'", known.list));
}

}  // namespace culvert::config
