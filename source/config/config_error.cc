#include "source/config/config_error.h"

#include "fmt/format.h"

namespace culvert::config {

std::string ToString(const ConfigError& error) {
  std::string text = error.file;
  if (error.position.known()) {
    text += fmt::format(":{}:{}", error.position.line, error.position.column);
  }
  for (const std::string& part : {error.path, error.message}) {
    if (part.empty()) continue;
    text += text.empty() ? part : ": " + part;
  }
  return text;
}

std::string ToString(std::span<const ConfigError> errors) {
  std::string text;
  for (const ConfigError& error : errors) text += ToString(error) + "\n";
  return text;
}

}  // namespace culvert::config
