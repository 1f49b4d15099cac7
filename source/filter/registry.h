// The filters that a build of Culvert has, by name. Filled by one function that the extensions'
// BUILD target names; immutable afterwards. Tests make their own.
#ifndef CULVERT_SOURCE_FILTER_REGISTRY_H_
#define CULVERT_SOURCE_FILTER_REGISTRY_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "source/filter/factory.h"

namespace culvert::filter {

class Registry {
 public:
  class Builder {
   public:
    // Two factories of one name are a mistake of the build and end the process.
    Builder& Add(FilterFactoryPtr factory);
    Registry Build() && { return Registry(std::move(factories_)); }

   private:
    std::map<std::string, FilterFactoryPtr, std::less<>> factories_;
  };

  const FilterFactory* Find(std::string_view name) const;
  // Sorted.
  std::vector<std::string> Names() const;

 private:
  explicit Registry(std::map<std::string, FilterFactoryPtr, std::less<>> factories)
      : factories_(std::move(factories)) {}

  std::map<std::string, FilterFactoryPtr, std::less<>> factories_;
};

}  // namespace culvert::filter

#endif  // CULVERT_SOURCE_FILTER_REGISTRY_H_
