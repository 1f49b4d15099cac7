// Where in its file each field of a config stands, so that errors found long after reading still
// name a line. Filled by the loader, then only read; copied with the config that it belongs to.
#ifndef CULVERT_SOURCE_CONFIG_SOURCE_MAP_H_
#define CULVERT_SOURCE_CONFIG_SOURCE_MAP_H_

#include <string>
#include <string_view>
#include <unordered_map>

#include "source/config/config_error.h"
#include "source/config/position.h"

namespace culvert::config {

class SourceMap {
 public:
  SourceMap() = default;
  explicit SourceMap(std::string_view file_name) : file_name_(file_name) {}

  const std::string& file_name() const { return file_name_; }

  // Records where the field at `path` stands: a field at its key, an item of a list at its
  // beginning. The first position of a path stays.
  void Add(std::string_view path, Position position);

  // True if exactly this field was written in the file.
  bool Contains(std::string_view path) const;

  // The position of `path`, or of the nearest thing round it that has one: for a field that was not
  // written that is the message it belongs in. Not known for binary files.
  Position Find(std::string_view path) const;

  // An error about `path`, with its position.
  ConfigError Error(std::string_view path, std::string_view message) const;

 private:
  std::string file_name_;
  std::unordered_map<std::string, Position> positions_;
};

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_SOURCE_MAP_H_
