#include "source/tls/ticket_key_store.h"

#include <algorithm>
#include <utility>

namespace culvert::tls {
namespace {

// How long keys that are not used open tickets.
Duration LifetimeOf(Duration rotation_interval) {
  constexpr Duration kLongest = Duration::max() / TicketKeys::kMostKeys;
  return std::min(rotation_interval, kLongest) * TicketKeys::kMostKeys;
}

bool IsUsable(const TicketKeyStore::Exported& exported) {
  return exported.owner.rotation_interval > Duration::zero() && !exported.state.keys.empty() &&
         exported.state.keys.size() <= TicketKeys::kMostKeys &&
         exported.state.age >= Duration::zero() &&
         exported.state.age < LifetimeOf(exported.owner.rotation_interval);
}

}  // namespace

std::shared_ptr<TicketKeys> TicketKeyStore::Get(const Owner& owner, TimePoint now) {
  if (const auto found = entries_.find(owner); found != entries_.end()) {
    if (auto keys = found->second.keys.lock()) return keys;
  }
  if (entries_.size() >= next_look_) RemoveUnused(now);
  auto keys = std::make_shared<TicketKeys>(owner.rotation_interval, now);
  entries_[owner] = {keys, nullptr, now};
  return keys;
}

std::vector<TicketKeyStore::Exported> TicketKeyStore::Export(TimePoint now) {
  RemoveUnused(now);
  std::vector<Exported> exported;
  exported.reserve(entries_.size());
  for (const auto& [owner, entry] : entries_) {
    if (const auto keys = entry.keys.lock()) exported.push_back({owner, keys->Export(now)});
  }
  return exported;
}

void TicketKeyStore::Import(std::vector<Exported> imported, TimePoint now) {
  for (Exported& one : imported) {
    if (!IsUsable(one)) continue;
    const Duration interval = one.owner.rotation_interval;
    Entry& entry = entries_[std::move(one.owner)];
    if (!entry.keys.expired()) continue;
    auto keys = std::make_shared<TicketKeys>(interval, std::move(one.state), now);
    entry = {keys, keys, After(now, LifetimeOf(interval))};
  }
}

void TicketKeyStore::RemoveUnused(TimePoint now) {
  for (auto& [owner, entry] : entries_) {
    if (entry.hold_until <= now) entry.held.reset();
  }
  std::erase_if(entries_, [](const auto& item) { return item.second.keys.expired(); });
  next_look_ = std::max<size_t>(64, entries_.size() * 2);
}

}  // namespace culvert::tls
