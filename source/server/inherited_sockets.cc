#include "source/server/inherited_sockets.h"

#include <utility>

namespace culvert::server {

void InheritedSockets::Add(const net::SocketAddress& address, net::Fd socket, SocketOrigin origin) {
  Entry& entry = entries_[address];
  entry.descriptors.push_back(std::move(socket));
  entry.origin = origin;
}

InheritedSockets::Entry InheritedSockets::Take(const net::SocketAddress& address) {
  auto taken = entries_.extract(address);
  return taken ? std::move(taken.mapped()) : Entry();
}

std::vector<net::SocketAddress> InheritedSockets::addresses() const {
  std::vector<net::SocketAddress> addresses;
  for (const auto& [address, entry] : entries_) addresses.push_back(address);
  return addresses;
}

}  // namespace culvert::server
