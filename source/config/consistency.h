// What must hold between the parts of a config: names that are unique, names that exist, fields
// that exclude each other. Pure; reports into the diagnostics of one load.
#ifndef CULVERT_SOURCE_CONFIG_CONSISTENCY_H_
#define CULVERT_SOURCE_CONFIG_CONSISTENCY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"
#include "source/config/diagnostics.h"

namespace culvert::config {

// Unique names of listeners, filter chains, clusters, identity providers and users; one of
// `filters` and `filter_chains` in each listener.
void CheckConsistency(const v1::Config& config, Diagnostics& diagnostics);

// The names that fields may refer to. Made for one load; keeps nothing of the config.
class Names {
 public:
  Names(const v1::Config& config, const Diagnostics& diagnostics);

  // What is wrong with `name` as a reference of this kind; nothing if it is there, or if that
  // cannot be told because the names could not all be read.
  std::optional<std::string> CheckReference(v1::Reference kind, std::string_view name) const;

 private:
  struct Kind {
    std::string_view description;
    std::string_view list;
    // Sorted.
    std::vector<std::string> names = {};
    bool complete = true;
  };

  template <typename Items>
  static Kind Collect(std::string_view description, std::string_view list, const Items& items,
                      const Diagnostics& diagnostics);

  Kind clusters_;
  Kind identity_providers_;
};

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_CONSISTENCY_H_
