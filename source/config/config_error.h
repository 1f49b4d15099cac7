// One thing that is wrong with a config, as it is shown to the person who wrote it. A value, for
// any thread.
#ifndef CULVERT_SOURCE_CONFIG_CONFIG_ERROR_H_
#define CULVERT_SOURCE_CONFIG_CONFIG_ERROR_H_

#include <span>
#include <string>

#include "source/config/position.h"

namespace culvert::config {

struct ConfigError {
  // Empty where the config did not come from one.
  std::string file;
  // Not known where the file has no lines, or where the error is about the file as a whole.
  Position position;
  // `listeners[0].filters[2].http_connect.policy`; empty where the error is about the file as a
  // whole.
  std::string path;
  // What is wrong; what to do.
  std::string message;

  friend bool operator==(const ConfigError&, const ConfigError&) = default;
};

// `FILE:LINE:COLUMN: PATH: MESSAGE` without the parts that are not known, and without a line end.
std::string ToString(const ConfigError& error);

// One line for each error, each with a line end.
std::string ToString(std::span<const ConfigError> errors);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_CONFIG_ERROR_H_
