#include "source/config/diagnostics.h"

#include <algorithm>
#include <utility>

#include "source/config/field_path.h"

namespace culvert::config {
namespace {

// More help nobody, and would let a hostile file fill the memory.
constexpr size_t kMaxErrors = 1000;

}  // namespace

void Diagnostics::Add(std::string_view path, std::string_view message) {
  AddAt(sources_.Find(path), path, message);
}

void Diagnostics::AddAt(Position position, std::string_view path, std::string_view message) {
  if (errors_.size() >= kMaxErrors) return;
  const auto after = std::upper_bound(
      errors_.begin(), errors_.end(), position,
      [](Position wanted, const ConfigError& error) { return wanted < error.position; });
  errors_.insert(after, {sources_.file_name(), position, std::string(path), std::string(message)});
}

void Diagnostics::Reject(std::string_view path, std::string_view message) {
  Add(path, message);
  Excuse(path);
}

void Diagnostics::Excuse(std::string_view path) { excused_.emplace(path); }

bool Diagnostics::Excused(std::string_view path) const {
  if (excused_.empty()) return false;
  while (!excused_.contains(std::string(path))) {
    if (path.empty()) return false;
    path = ParentPath(path);
  }
  return true;
}

std::vector<ConfigError> Diagnostics::TakeErrors() { return std::exchange(errors_, {}); }

}  // namespace culvert::config
