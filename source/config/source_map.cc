#include "source/config/source_map.h"

#include "source/config/field_path.h"

namespace culvert::config {

void SourceMap::Add(std::string_view path, Position position) {
  positions_.emplace(path, position);
}

bool SourceMap::Contains(std::string_view path) const {
  return positions_.contains(std::string(path));
}

Position SourceMap::Find(std::string_view path) const {
  while (true) {
    if (auto found = positions_.find(std::string(path)); found != positions_.end()) {
      return found->second;
    }
    if (path.empty()) return {};
    path = ParentPath(path);
  }
}

ConfigError SourceMap::Error(std::string_view path, std::string_view message) const {
  return {file_name_, Find(path), std::string(path), std::string(message)};
}

}  // namespace culvert::config
