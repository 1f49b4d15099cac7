// A config, built: everything that connections need, immutable, shared by the workers. A connection
// keeps the listener config that it started with; a snapshot is gone with its last connection.
#ifndef CULVERT_SOURCE_SERVER_SNAPSHOT_H_
#define CULVERT_SOURCE_SERVER_SNAPSHOT_H_

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"
#include "source/access_log/logger.h"
#include "source/filter/chain.h"
#include "source/identity/builder.h"
#include "source/net/address.h"
#include "source/server/chain_matcher.h"
#include "source/server/connection_limits.h"
#include "source/upstream/cluster.h"

namespace culvert::server {

struct ListenerStats {
  stats::Counter* connections = nullptr;
  stats::Gauge* active = nullptr;
  stats::Counter* no_chain_match = nullptr;
  stats::Counter* client_hello_failures = nullptr;
  stats::Histogram* duration = nullptr;
};

struct ListenerSnapshot {
  struct NamedChain {
    std::string name;
    filter::ChainPtr chain;
  };

  std::string name;
  net::SocketAddress address;
  int backlog = 4096;
  // Bound to a wildcard, or to a port of the kernel's choice: each connection has to be asked where
  // it came in.
  bool needs_local_address = false;
  std::vector<NamedChain> chains;
  ChainMatcher matcher;
  Duration chain_match_timeout = std::chrono::seconds(10);
  size_t max_client_hello_size = 16 * 1024;
  Duration max_connection_lifetime = Duration::max();
  // After another snapshot has taken over. max(): as long as they last.
  Duration drain_timeout = Duration::max();
  std::shared_ptr<ConnectionLimits> limits;
  filter::ListenerContext context;
  ListenerStats stats;
};
using ListenerSnapshotPtr = std::shared_ptr<const ListenerSnapshot>;

struct Snapshot {
  config::v1::Config config;
  std::vector<ListenerSnapshotPtr> listeners;
  std::map<std::string, std::shared_ptr<upstream::Cluster>, std::less<>> clusters;
  identity::ProviderMap identity_providers;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_SNAPSHOT_H_
