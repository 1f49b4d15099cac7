#include "source/server/connection_table.h"

#include <utility>

namespace culvert::server {

Connection& ConnectionTable::Add(filter::Worker& worker, const ServedListenerPtr& listener,
                                 filter::ConnectionContext::Origin origin) {
  const uint64_t id = origin.id;
  return connections_.try_emplace(connections_.end(), id, worker, listener, std::move(origin))
      ->second;
}

Connection* ConnectionTable::Find(uint64_t id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : &found->second;
}

ConnectionPage ConnectionTable::List(const ConnectionQuery& query, uint64_t after, uint32_t most) {
  ConnectionPage page;
  page.next = VisitSlice(after, [&](Connection& connection) {
    if (page.connections.size() >= most) return false;
    ConnectionInfo info = Describe(connection.context());
    if (query.Matches(info)) page.connections.push_back(std::move(info));
    return true;
  });
  return page;
}

void ConnectionTable::CancelAll(net::CancelReason reason) {
  for (auto& [id, connection] : connections_) connection.context().scope().Cancel(reason);
}

}  // namespace culvert::server
