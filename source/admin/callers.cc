#include "source/admin/callers.h"

#include <sys/stat.h>

#include <charconv>

namespace culvert::admin {
namespace {

// 0: it is closed, or no socket.
ino_t InodeOf(int fd) {
  struct stat facts{};
  return fstat(fd, &facts) == 0 && S_ISSOCK(facts.st_mode) ? facts.st_ino : 0;
}

}  // namespace

bool Callers::Add(int fd, std::string name) {
  const std::scoped_lock lock(mutex_);
  callers_.erase(fd);
  if (callers_.size() >= most_) {
    std::erase_if(callers_,
                  [](const auto& entry) { return InodeOf(entry.first) != entry.second.inode; });
  }
  if (callers_.size() >= most_) return false;
  callers_.emplace(fd, Caller{std::move(name), InodeOf(fd)});
  return true;
}

void Callers::Remove(int fd) {
  const std::scoped_lock lock(mutex_);
  callers_.erase(fd);
}

std::string Callers::Find(std::string_view peer) const {
  constexpr std::string_view kScheme = "fd:";
  int fd = -1;
  if (!peer.starts_with(kScheme)) return {};
  peer.remove_prefix(kScheme.size());
  const auto [end, error] = std::from_chars(peer.data(), peer.data() + peer.size(), fd);
  if (error != std::errc() || end != peer.data() + peer.size()) return {};
  const std::scoped_lock lock(mutex_);
  const auto found = callers_.find(fd);
  return found == callers_.end() ? std::string() : found->second.name;
}

}  // namespace culvert::admin
