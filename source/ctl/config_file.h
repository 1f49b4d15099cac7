// A config file of the caller as the admin API takes it. Blocking; any thread.
#ifndef CULVERT_SOURCE_CTL_CONFIG_FILE_H_
#define CULVERT_SOURCE_CTL_CONFIG_FILE_H_

#include <cstdio>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "api/culvert/admin/v1/config.pb.h"

namespace culvert::ctl {

struct ConfigFile {
  std::string name;                                // `-`: `in`
  std::optional<std::string> format = {};          // yaml, json, textproto or pb; else by suffix
  std::optional<std::string> base_directory = {};  // else the folder of the file
};

// Text goes as text, so that errors come with its lines; only binary configs are read here. The
// error begins with the name of the file.
absl::StatusOr<admin::v1::ConfigSource> ReadConfigFile(const ConfigFile& file, std::FILE* in);

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_CONFIG_FILE_H_
