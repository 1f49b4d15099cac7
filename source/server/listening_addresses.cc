#include "source/server/listening_addresses.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "source/base/status.h"

namespace culvert::server {
namespace {

ListeningSocketPtr Share(net::Fd fd, bool kept_elsewhere) {
  return std::make_shared<const ListeningSocket>(ListeningSocket{std::move(fd), kept_elsewhere});
}

absl::Status Failed(const ListenerSnapshot& listener, const absl::Status& status) {
  return FailedPrecondition(fmt::format("listener {}: {}", listener.name, Message(status)));
}

}  // namespace

ListeningAddresses::~ListeningAddresses() { Clear(); }

absl::StatusOr<ListeningAddresses::Map> ListeningAddresses::Open(const Snapshot& snapshot,
                                                                 InheritedSockets* inherited) {
  Map opened;
  if (absl::Status status = OpenMissing(snapshot, inherited, opened); !status.ok()) {
    for (const auto& [address, entry] : opened) RemoveFile(address, entry);
    return status;
  }
  return opened;
}

absl::Status ListeningAddresses::OpenMissing(const Snapshot& snapshot, InheritedSockets* inherited,
                                             Map& opened) {
  for (const ListenerSnapshotPtr& listener : snapshot.listeners) {
    const net::SocketAddress& address = listener->address;
    if (listening_.contains(address)) continue;
    if (const auto parked = parked_.find(address); parked != parked_.end()) {
      opened.insert(*parked);
      continue;
    }
    InheritedSockets::Entry passed;
    if (inherited != nullptr) passed = inherited->Take(address);
    auto made = passed.descriptors.empty() ? OpenOne(address, Overlaps(address, opened, inherited))
                                           : Adopt(address, std::move(passed));
    if (!made.ok()) return Failed(*listener, made.status());
    opened.emplace(address, *std::move(made));
  }
  // Only now, when every address could be had, do clients come in.
  for (const ListenerSnapshotPtr& listener : snapshot.listeners) {
    const auto found = opened.find(listener->address);
    if (found == opened.end() || found->second.origin) continue;
    for (const ListeningSocketPtr& socket : found->second.sockets) {
      const absl::Status status =
          BeginToListen(listener->address, socket->fd.get(), listener->backlog);
      if (!status.ok()) return Failed(*listener, status);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ListeningAddresses::Entry> ListeningAddresses::OpenOne(
    const net::SocketAddress& address, bool overlaps) const {
  auto sockets = BindSockets(address, count_, overlaps);
  if (!sockets.ok()) return sockets.status();
  Entry entry;
  entry.bound = BoundAddressOf(sockets->front().get(), address);
  for (net::Fd& fd : *sockets) entry.sockets.push_back(Share(std::move(fd), false));
  return entry;
}

absl::StatusOr<ListeningAddresses::Entry> ListeningAddresses::Adopt(
    const net::SocketAddress& address, InheritedSockets::Entry inherited) const {
  Entry entry;
  entry.origin = inherited.origin;
  const bool kept_elsewhere = inherited.origin == SocketOrigin::kServiceManager;
  for (net::Fd& fd : inherited.descriptors) {
    if (absl::Status status = AdoptSocket(address, fd.get()); !status.ok()) return status;
    entry.sockets.push_back(Share(std::move(fd), kept_elsewhere));
  }
  const int first = entry.sockets.front()->fd.get();
  entry.bound = BoundAddressOf(first, address);
  // Workers that have none of their own share one, unless others can be had beside it. Those begin
  // to listen with their worker, when this process can no longer fail to start.
  if (address.is_ip() && !kept_elsewhere && entry.sockets.size() < count_ && SharesItsPort(first)) {
    const auto missing = static_cast<uint32_t>(count_ - entry.sockets.size());
    if (auto more = BindSockets(entry.bound, missing, true); more.ok()) {
      for (net::Fd& fd : *more) entry.sockets.push_back(Share(std::move(fd), false));
    }
  }
  return entry;
}

bool ListeningAddresses::Overlaps(const net::SocketAddress& address, const Map& opened,
                                  const InheritedSockets* inherited) const {
  for (const Map* map : {&listening_, &opened, &parked_}) {
    for (const auto& [configured, entry] : *map) {
      if (AddressesOverlap(address, entry.bound)) return true;
    }
  }
  for (const auto& [bound, socket] : closing_) {
    if (!socket.expired() && AddressesOverlap(address, bound)) return true;
  }
  if (inherited == nullptr) return false;
  for (const auto& [configured, entry] : inherited->entries()) {
    const net::SocketAddress bound = BoundAddressOf(entry.descriptors.front().get(), configured);
    if (AddressesOverlap(address, bound)) return true;
  }
  return false;
}

void ListeningAddresses::Add(const net::SocketAddress& address, Entry opened) {
  parked_.erase(address);
  listening_.emplace(address, std::move(opened));
}

void ListeningAddresses::Remove(const net::SocketAddress& address) {
  const auto found = listening_.find(address);
  const Entry& entry = found->second;
  for (const ListeningSocketPtr& socket : entry.sockets) closing_.emplace(entry.bound, socket);
  // The path may be another process's by the time that this one ends.
  RemoveFile(address, entry);
  // The service manager would not let anybody listen there again.
  if (entry.origin == SocketOrigin::kServiceManager) parked_.insert(*found);
  listening_.erase(found);
}

void ListeningAddresses::Park(InheritedSockets& inherited) {
  for (const net::SocketAddress& address : inherited.addresses()) {
    if (inherited.entries().at(address).origin != SocketOrigin::kServiceManager) continue;
    // Whatever is wrong with it is of no consequence as long as nobody uses it.
    if (auto unused = Adopt(address, inherited.Take(address)); unused.ok()) {
      parked_.emplace(address, *std::move(unused));
    }
  }
}

void ListeningAddresses::LetGo() {
  for (auto& [address, entry] : listening_) entry.sockets.clear();
  parked_.clear();
}

void ListeningAddresses::Clear() {
  for (const auto& [address, entry] : listening_) RemoveFile(address, entry);
  listening_.clear();
  parked_.clear();
}

void ListeningAddresses::Sweep() {
  std::erase_if(closing_, [](const auto& socket) { return socket.second.expired(); });
}

absl::StatusOr<InheritedSockets> ListeningAddresses::Duplicates() const {
  InheritedSockets sockets;
  for (const Map* map : {&listening_, &parked_}) {
    for (const auto& [address, entry] : *map) {
      const bool managed = entry.origin == SocketOrigin::kServiceManager;
      for (const ListeningSocketPtr& socket : entry.sockets) {
        net::Fd copy(fcntl(socket->fd.get(), F_DUPFD_CLOEXEC, 0));
        if (!copy.valid()) {
          return Unavailable(fmt::format("cannot duplicate the socket of {}: {}",
                                         address.ToString(), std::strerror(errno)));
        }
        sockets.Add(address, std::move(copy),
                    managed ? SocketOrigin::kServiceManager : SocketOrigin::kPredecessor);
      }
    }
  }
  return sockets;
}

const ListeningAddresses::Entry* ListeningAddresses::Find(const net::SocketAddress& address) const {
  const auto found = listening_.find(address);
  return found == listening_.end() ? nullptr : &found->second;
}

void ListeningAddresses::RemoveFile(const net::SocketAddress& address, const Entry& entry) const {
  // A name in the abstract namespace is no file.
  if (!address.is_unix() || address.unix_path().starts_with('@')) return;
  if (entry.origin == SocketOrigin::kServiceManager) return;
  // The predecessor goes on if this process cannot start.
  if (entry.origin == SocketOrigin::kPredecessor && !owns_inherited_files_) return;
  unlink(address.unix_path().c_str());
}

}  // namespace culvert::server
