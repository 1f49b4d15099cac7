// Loads a config from a file or from text: YAML, JSON, protobuf text or binary into one message,
// with every error at once, each with its place. Pure but for reading the file; for any thread.
#ifndef CULVERT_SOURCE_CONFIG_LOADER_H_
#define CULVERT_SOURCE_CONFIG_LOADER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"
#include "source/config/config_error.h"
#include "source/config/source_map.h"

namespace culvert::config {

enum class Format { kYaml, kJson, kTextproto, kBinary };

struct LoadOptions {
  // The filters that this build knows; the message that configures `a_b` is
  // culvert.extensions.a_b.v1.AB.
  std::vector<std::string> filter_names;
};

struct LoadResult {
  // Of use only if ok(): then every rule of the schema holds, and every filter has its
  // `typed_config`.
  v1::Config config;
  // Where each field stands, for errors that are found when the config is built.
  SourceMap sources;
  // By position.
  std::vector<ConfigError> errors;

  bool ok() const { return errors.empty(); }
};

// By the suffix of a file name: .yaml, .yml, .json, .textproto, .pb.
std::optional<Format> FormatOf(std::string_view file_name);

// Reads the file at `path`, at most 64 MiB, in the format of its suffix. Errors name it as `path`
// does.
LoadResult LoadConfigFile(const std::string& path, const LoadOptions& options);

// Reads `text`; `file_name` is only for errors.
LoadResult LoadConfigText(std::string_view text, Format format, std::string_view file_name,
                          const LoadOptions& options);

// Checks a config that never was text: its errors have paths, but neither file nor position.
LoadResult LoadConfigMessage(v1::Config config, const LoadOptions& options);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_LOADER_H_
