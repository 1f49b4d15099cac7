// What can be said of a connection while it is open, for those who look at a running process. A
// copy, made on the connection's worker.
#ifndef CULVERT_SOURCE_SERVER_CONNECTION_INFO_H_
#define CULVERT_SOURCE_SERVER_CONNECTION_INFO_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::filter {
class ConnectionContext;
}

namespace culvert::server {

struct ConnectionInfo {
  uint64_t id = 0;
  std::string listener;
  std::string filter_chain;
  std::string user;
  std::string source;  // address and port
  std::string destination;
  std::string resolved_address;
  std::string cluster;
  std::string_view phase;  // a constant: filter::ToString(Phase)
  std::chrono::system_clock::time_point start;
  // From and to the client, up to now.
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  std::string tls_version;
  std::string tls_server_name;
};

// On the connection's worker.
ConnectionInfo Describe(filter::ConnectionContext& connection);

// Every field that is not empty must match.
struct ConnectionQuery {
  std::string listener = {};
  std::string user = {};
  std::string source = {};       // address without port, or all of a unix address
  std::string destination = {};  // part of it
  std::string phase = {};

  bool Matches(const ConnectionInfo& connection) const;
};

struct ConnectionPage {
  std::vector<ConnectionInfo> connections;
  // The id after which the next page begins; 0: there is none.
  uint64_t next = 0;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_CONNECTION_INFO_H_
