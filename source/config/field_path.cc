#include "source/config/field_path.h"

#include "fmt/format.h"

namespace culvert::config {

std::string JoinPath(std::string_view parent, std::string_view name) {
  return parent.empty() ? std::string(name) : fmt::format("{}.{}", parent, name);
}

std::string IndexPath(std::string_view list, int index) {
  return fmt::format("{}[{}]", list, index);
}

std::string_view ParentPath(std::string_view path) {
  const size_t end = path.find_last_of(".[");
  return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

}  // namespace culvert::config
