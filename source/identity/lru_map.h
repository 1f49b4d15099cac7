// A map of bounded size: the entry that was not touched for longest makes room for a new one.
// Owned by one thread.
#ifndef CULVERT_SOURCE_IDENTITY_LRU_MAP_H_
#define CULVERT_SOURCE_IDENTITY_LRU_MAP_H_

#include <cstddef>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace culvert::identity {

template <typename Key, typename Value, typename Hash = std::hash<Key>>
class LruMap {
 public:
  // `max_entries` is at least 1.
  explicit LruMap(size_t max_entries) : max_entries_(max_entries) {}

  // Null if there is none. Does not make it younger.
  Value* Find(const Key& key) {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second->second;
  }

  // The entry of `key`, made if there is none, and from now on the youngest. Valid until the next
  // Touch().
  Value& Touch(const Key& key) {
    if (const auto found = index_.find(key); found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->second;
    }
    if (entries_.size() == max_entries_) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(key, Value());
    index_.emplace(key, entries_.begin());
    return entries_.front().second;
  }

  void Erase(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    entries_.erase(found->second);
    index_.erase(found);
  }

  size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<Key, Value>>;

  const size_t max_entries_;
  // Youngest first.
  Entries entries_;
  std::unordered_map<Key, typename Entries::iterator, Hash> index_;
};

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_LRU_MAP_H_
