// Prints a config as YAML in the short form, as people write it, without its secrets. Pure, for any
// thread.
#ifndef CULVERT_SOURCE_CONFIG_PRINTER_H_
#define CULVERT_SOURCE_CONFIG_PRINTER_H_

#include <string>

#include "api/culvert/config/v1/config.pb.h"

namespace culvert::config {

// YAML that loads as the same config, once each `[redacted]` is a secret again: the loader refuses
// those that were forgotten. `config` has been loaded without error.
std::string ToShortYaml(const v1::Config& config);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_PRINTER_H_
