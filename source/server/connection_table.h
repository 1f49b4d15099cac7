// The open connections of one worker, by id, hence in the order in which they came. Looking at all
// of them is done in slices, so that the others of the loop have their turn. Owned by the worker,
// on its thread.
#ifndef CULVERT_SOURCE_SERVER_CONNECTION_TABLE_H_
#define CULVERT_SOURCE_SERVER_CONNECTION_TABLE_H_

#include <cstdint>
#include <map>

#include "source/server/connection.h"
#include "source/server/connection_info.h"

namespace culvert::server {

class ConnectionTable {
 public:
  // How many connections a slice has at most.
  static constexpr uint32_t kSlice = 256;

  // The id must be greater than those before.
  Connection& Add(filter::Worker& worker, const ServedListenerPtr& listener,
                  filter::ConnectionContext::Origin origin);
  void Remove(uint64_t id) { connections_.erase(id); }
  // Null: there is none.
  Connection* Find(uint64_t id);

  size_t size() const { return connections_.size(); }
  bool empty() const { return connections_.empty(); }

  // Calls `visit(Connection&)`, which must not remove one, for those of the slice after the id
  // `after`, until it returns false. The id to go on after; 0: these were the last.
  template <class Visit>
  uint64_t VisitSlice(uint64_t after, Visit visit) {
    auto it = connections_.upper_bound(after);
    uint64_t last = after;
    for (uint32_t seen = 0; it != connections_.end(); ++it, ++seen) {
      if (seen == kSlice || !visit(it->second)) return last;
      last = it->first;
    }
    return 0;
  }

  // Those of one slice that match, up to `most` (at least 1).
  ConnectionPage List(const ConnectionQuery& query, uint64_t after, uint32_t most);

  void CancelAll(net::CancelReason reason);

 private:
  std::map<uint64_t, Connection> connections_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_CONNECTION_TABLE_H_
