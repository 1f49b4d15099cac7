// Collects what is wrong while one config is loaded, so that all of it is reported at once and
// nothing twice. Owned by the loader for one load; one thread.
#ifndef CULVERT_SOURCE_CONFIG_DIAGNOSTICS_H_
#define CULVERT_SOURCE_CONFIG_DIAGNOSTICS_H_

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "source/config/config_error.h"
#include "source/config/field_path.h"
#include "source/config/source_map.h"

namespace culvert::config {

class Diagnostics {
 public:
  explicit Diagnostics(std::string_view file_name) : sources_(file_name) {}

  SourceMap& sources() { return sources_; }
  bool ok() const { return errors_.empty(); }

  // An error about the field at `path`, which is looked up in sources().
  void Add(std::string_view path, std::string_view message);
  void Add(const Path& path, std::string_view message) { Add(path.ToString(), message); }
  void AddAt(Position position, std::string_view path, std::string_view message);

  // Add(), where the value at `path` could not be read at all: whatever it lacks is no further
  // error.
  void Reject(std::string_view path, std::string_view message);
  void Reject(const Path& path, std::string_view message) { Reject(path.ToString(), message); }
  // What is missing at `path` has been explained by another error, such as one about a misspelt
  // name.
  void Excuse(std::string_view path);
  void Excuse(const Path& path) { Excuse(path.ToString()); }
  // True if `path`, or something round it, was rejected or excused.
  bool Excused(std::string_view path) const;
  bool Excused(const Path& path) const { return !excused_.empty() && Excused(path.ToString()); }

  // The errors by position, those of one position in the order they were found. Leaves none.
  std::vector<ConfigError> TakeErrors();

 private:
  SourceMap sources_;
  // By position.
  std::vector<ConfigError> errors_;
  std::unordered_set<std::string> excused_;
};

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_DIAGNOSTICS_H_
