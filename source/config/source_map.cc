#include "source/config/source_map.h"

#include <algorithm>
#include <utility>

namespace culvert::config {
namespace {

constexpr size_t kFirstSize = 64;

// Zero is taken for free slots.
uint64_t NotZero(uint64_t hash) { return hash == 0 ? 1 : hash; }

}  // namespace

Position SourceMap::Find(std::string_view path) const {
  while (true) {
    if (const Position* found = FindHash(HashPath(path))) return *found;
    if (path.empty()) return {};
    path = ParentPath(path);
  }
}

ConfigError SourceMap::Error(std::string_view path, std::string_view message) const {
  return {file_name_, Find(path), std::string(path), std::string(message)};
}

void SourceMap::AddHash(uint64_t hash, Position position) {
  hash = NotZero(hash);
  if ((used_ + 1) * 4 > slots_.size() * 3) Grow();
  Slot& slot = slots_[SlotOf(hash)];
  if (slot.hash != 0) return;
  slot = {hash, position};
  ++used_;
}

const Position* SourceMap::FindHash(uint64_t hash) const {
  if (slots_.empty()) return nullptr;
  const Slot& slot = slots_[SlotOf(NotZero(hash))];
  return slot.hash == 0 ? nullptr : &slot.position;
}

size_t SourceMap::SlotOf(uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  // FNV leaves most of its mixing in the high bits.
  size_t at = (hash ^ hash >> 32) & mask;
  while (slots_[at].hash != 0 && slots_[at].hash != hash) at = (at + 1) & mask;
  return at;
}

void SourceMap::Grow() {
  const std::vector<Slot> before =
      std::exchange(slots_, std::vector<Slot>(std::max(kFirstSize, slots_.size() * 2)));
  for (const Slot& slot : before) {
    if (slot.hash != 0) slots_[SlotOf(slot.hash)] = slot;
  }
}

}  // namespace culvert::config
