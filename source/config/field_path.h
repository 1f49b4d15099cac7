// The names of fields in errors: `listeners[0].filters[2].http_connect.policy`. Pure functions, for
// any thread.
#ifndef CULVERT_SOURCE_CONFIG_FIELD_PATH_H_
#define CULVERT_SOURCE_CONFIG_FIELD_PATH_H_

#include <string>
#include <string_view>

namespace culvert::config {

// `parent.name`, or `name` at the top.
std::string JoinPath(std::string_view parent, std::string_view name);

// `list[index]`.
std::string IndexPath(std::string_view list, int index);

// What `path` is a field or an item of; empty at the top.
std::string_view ParentPath(std::string_view path);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_FIELD_PATH_H_
