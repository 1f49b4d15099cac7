// What a process listens on: one or several sockets for each address of its listeners, opened here
// or inherited. Owned by the pool of workers, on the main thread.
#ifndef CULVERT_SOURCE_SERVER_LISTENING_ADDRESSES_H_
#define CULVERT_SOURCE_SERVER_LISTENING_ADDRESSES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "source/net/address.h"
#include "source/server/inherited_sockets.h"
#include "source/server/listening_socket.h"
#include "source/server/snapshot.h"

namespace culvert::server {

class ListeningAddresses {
 public:
  struct Entry {
    std::vector<ListeningSocketPtr> sockets;
    net::SocketAddress bound;
    // Who opened them; nothing: this process.
    std::optional<SocketOrigin> origin;
  };
  // By address as configured.
  using Map = std::map<net::SocketAddress, Entry>;

  // `count` sockets are opened for each address where that is of use.
  explicit ListeningAddresses(uint32_t count) : count_(count) {}
  // Removes the socket files that are this process's.
  ~ListeningAddresses();

  // What the listeners of the snapshot need and is not here yet, all or nothing. Sockets of
  // `inherited` (may be null) are used before others are opened. To be given to Add() then.
  absl::StatusOr<Map> Open(const Snapshot& snapshot, InheritedSockets* inherited);

  void Add(const net::SocketAddress& address, Entry opened);
  // Nobody listens there any more; whoever still accepts has the sockets too.
  void Remove(const net::SocketAddress& address);
  // As Remove(), but another process goes on with the sockets and their file.
  void Forget(const net::SocketAddress& address) { listening_.erase(address); }
  // Takes what is left of the service manager's, for when a listener needs it.
  void Park(InheritedSockets& inherited);
  // From now on the files of sockets that were inherited are this process's.
  void TakeFiles() { owns_inherited_files_ = true; }
  // Leaves the sockets to the workers that accept from them, which close them when they are done.
  void LetGo();
  void Clear();
  // Lets go of what workers have closed since.
  void Sweep();

  // Duplicates of all sockets.
  absl::StatusOr<InheritedSockets> Duplicates() const;
  // Null: nothing listens there.
  const Entry* Find(const net::SocketAddress& address) const;

 private:
  absl::Status OpenMissing(const Snapshot& snapshot, InheritedSockets* inherited, Map& opened);
  absl::StatusOr<Entry> OpenOne(const net::SocketAddress& address, bool overlaps) const;
  absl::StatusOr<Entry> Adopt(const net::SocketAddress& address,
                              InheritedSockets::Entry inherited) const;
  bool Overlaps(const net::SocketAddress& address, const Map& opened,
                const InheritedSockets* inherited) const;
  void RemoveFile(const net::SocketAddress& address, const Entry& entry) const;

  const uint32_t count_;
  Map listening_;
  // Of the service manager, and used by no listener at the moment.
  Map parked_;
  // What workers are about to close, by where it is bound.
  std::multimap<net::SocketAddress, std::weak_ptr<const ListeningSocket>> closing_;
  bool owns_inherited_files_ = false;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_LISTENING_ADDRESSES_H_
