// Checks a finished config against the rules of its fields (rules.proto), whatever format it came
// from, settings of filters included. Pure; reports into the diagnostics of one load.
#ifndef CULVERT_SOURCE_CONFIG_VALIDATOR_H_
#define CULVERT_SOURCE_CONFIG_VALIDATOR_H_

#include <span>
#include <string>

#include "api/culvert/config/v1/config.pb.h"
#include "source/config/diagnostics.h"

namespace culvert::config {

// Checks what rules.proto says, and of every message: that one field of each oneof is given, that
// enum values exist, that durations are sound, that strings hold no NUL, that there are no unknown
// fields and that filters have settings of their own type.
void Validate(const v1::Config& config, std::span<const std::string> filter_names,
              Diagnostics& diagnostics);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_VALIDATOR_H_
