#include "source/filter/registry.h"

#include <cstdio>
#include <cstdlib>

namespace culvert::filter {

Registry::Builder& Registry::Builder::Add(FilterFactoryPtr factory) {
  const std::string name(factory->name());
  if (!factories_.emplace(name, std::move(factory)).second) {
    std::fprintf(stderr, "two extensions are called '%s'\n", name.c_str());
    std::abort();
  }
  return *this;
}

const FilterFactory* Registry::Find(std::string_view name) const {
  const auto found = factories_.find(name);
  return found == factories_.end() ? nullptr : found->second.get();
}

std::vector<std::string> Registry::Names() const {
  std::vector<std::string> names;
  names.reserve(factories_.size());
  for (const auto& [name, factory] : factories_) names.push_back(name);
  return names;
}

}  // namespace culvert::filter
