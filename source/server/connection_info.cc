#include "source/server/connection_info.h"

#include "source/filter/connection_context.h"
#include "source/net/address.h"

namespace culvert::server {
namespace {

// An address may be written in several ways.
bool IsFrom(const std::string& source, const std::string& wanted) {
  const auto address = net::SocketAddress::Parse(source);
  if (!address.ok() || !address->is_ip()) return source == wanted;
  const auto ip = net::IpAddress::Parse(wanted);
  return ip && ip->Unmapped() == address->ip();
}

}  // namespace

ConnectionInfo Describe(filter::ConnectionContext& connection) {
  const access_log::Record& record = connection.record();
  const filter::ConnectionContext::Traffic traffic = connection.traffic();
  ConnectionInfo info;
  info.id = connection.id();
  info.listener = record.listener;
  info.filter_chain = record.filter_chain;
  if (connection.identity() != nullptr) info.user = connection.identity()->name;
  info.source = connection.remote_address().ToString();
  info.destination = record.destination;
  info.resolved_address = record.resolved_address;
  info.cluster = record.cluster;
  info.phase = filter::ToString(connection.phase());
  // By the clock of the wall as it is now, which may have been set since.
  info.start = std::chrono::system_clock::now() -
               std::chrono::duration_cast<std::chrono::system_clock::duration>(Clock::now() -
                                                                               connection.start());
  info.bytes_received = traffic.received;
  info.bytes_sent = traffic.sent;
  if (record.tls) {
    info.tls_version = record.tls->version;
    info.tls_server_name = record.tls->server_name;
  }
  return info;
}

bool ConnectionQuery::Matches(const ConnectionInfo& connection) const {
  return (listener.empty() || listener == connection.listener) &&
         (user.empty() || user == connection.user) &&
         (phase.empty() || phase == connection.phase) &&
         (destination.empty() || connection.destination.find(destination) != std::string::npos) &&
         (source.empty() || IsFrom(connection.source, source));
}

}  // namespace culvert::server
