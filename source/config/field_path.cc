#include "source/config/field_path.h"

#include "fmt/format.h"

namespace culvert::config {
namespace {

// FNV-1a, which can go on where it stopped: a path's hash is made from its parent's.
uint64_t Extend(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

std::string JoinPath(std::string_view parent, std::string_view name) {
  std::string path;
  path.reserve(parent.size() + 1 + name.size());
  path += parent;
  if (!parent.empty()) path += '.';
  return path += name;
}

std::string IndexPath(std::string_view list, int index) {
  return fmt::format("{}[{}]", list, index);
}

std::string_view ParentPath(std::string_view path) {
  const size_t end = path.find_last_of(".[");
  return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

uint64_t HashPath(std::string_view path) { return Extend(Path::kHashOfNothing, path); }

Path Path::Field(std::string_view name) const {
  const uint64_t before = parent_ == nullptr ? hash_ : Extend(hash_, ".");
  return Path(*this, name, -1, Extend(before, name));
}

Path Path::Item(int index) const {
  const fmt::format_int digits(index);
  const uint64_t hash = Extend(Extend(hash_, "["), {digits.data(), digits.size()});
  return Path(*this, {}, index, Extend(hash, "]"));
}

std::string Path::ToString() const {
  std::string text;
  AppendTo(text);
  return text;
}

void Path::AppendTo(std::string& text) const {
  if (parent_ == nullptr) return;
  parent_->AppendTo(text);
  if (index_ >= 0) {
    text += fmt::format("[{}]", index_);
  } else {
    if (!text.empty()) text += '.';
    text += name_;
  }
}

}  // namespace culvert::config
