// Where in its file each field of a config stands, so that errors found long after reading still
// name a line. Filled by the loader, then only read; copied with the config that it belongs to.
#ifndef CULVERT_SOURCE_CONFIG_SOURCE_MAP_H_
#define CULVERT_SOURCE_CONFIG_SOURCE_MAP_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/config/config_error.h"
#include "source/config/field_path.h"
#include "source/config/position.h"

namespace culvert::config {

// Keeps hashes in place of paths: a large config has hundreds of thousands of them.
class SourceMap {
 public:
  SourceMap() = default;
  explicit SourceMap(std::string_view file_name) : file_name_(file_name) {}

  const std::string& file_name() const { return file_name_; }

  // Records where the field at `path` stands: a field at its key, an item of a list at its
  // beginning. The first position of a path stays.
  void Add(std::string_view path, Position position) { AddHash(HashPath(path), position); }
  void Add(const Path& path, Position position) { AddHash(path.hash(), position); }

  // True if exactly this field was written in the file.
  bool Contains(const Path& path) const { return FindHash(path.hash()) != nullptr; }

  // The position of `path`, or of the nearest thing round it that has one: for a field that was not
  // written that is the message it belongs in. Not known for binary files.
  Position Find(std::string_view path) const;

  // An error about `path`, with its position.
  ConfigError Error(std::string_view path, std::string_view message) const;

 private:
  // A hash table with open addressing; hash zero is a free slot.
  struct Slot {
    uint64_t hash = 0;
    Position position;
  };

  void AddHash(uint64_t hash, Position position);
  const Position* FindHash(uint64_t hash) const;
  // The slot that has this hash, or the free one where it belongs; there are free ones.
  size_t SlotOf(uint64_t hash) const;
  void Grow();

  std::string file_name_;
  std::vector<Slot> slots_;  // their number is a power of two
  size_t used_ = 0;
};

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_SOURCE_MAP_H_
