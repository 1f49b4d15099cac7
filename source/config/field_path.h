// The names of fields in errors: `listeners[0].filters[2].http_connect.policy`. Pure, for any
// thread.
#ifndef CULVERT_SOURCE_CONFIG_FIELD_PATH_H_
#define CULVERT_SOURCE_CONFIG_FIELD_PATH_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace culvert::config {

// `parent.name`, or `name` at the top.
std::string JoinPath(std::string_view parent, std::string_view name);

// `list[index]`.
std::string IndexPath(std::string_view list, int index);

// What `path` is a field or an item of; empty at the top.
std::string_view ParentPath(std::string_view path);

// Tells paths apart, also those of a hostile file: but for one pair in 2^64, and then no more than
// a position is wrong.
uint64_t HashPath(std::string_view path);

// A path that is written out only for an error: most of the many that a walk through a config makes
// never are. Refers to its parent and its name, which outlive it.
class Path {
 public:
  // The top.
  Path() = default;

  Path Field(std::string_view name) const;
  Path Item(int index) const;

  std::string ToString() const;
  // HashPath(ToString()).
  uint64_t hash() const { return hash_; }

 private:
  static constexpr uint64_t kHashOfNothing = 0xcbf29ce484222325;

  Path(const Path& parent, std::string_view name, int index, uint64_t hash)
      : parent_(&parent), name_(name), index_(index), hash_(hash) {}
  void AppendTo(std::string& text) const;

  const Path* parent_ = nullptr;
  std::string_view name_;
  int index_ = -1;  // of an item, which has no name
  uint64_t hash_ = kHashOfNothing;

  friend uint64_t HashPath(std::string_view path);
};

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_FIELD_PATH_H_
