// A config, built: everything that connections need, immutable, shared by the workers. A connection
// keeps the listener config that it started with; a snapshot is gone with its last connection.
#ifndef CULVERT_SOURCE_SERVER_SNAPSHOT_H_
#define CULVERT_SOURCE_SERVER_SNAPSHOT_H_

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/culvert/config/v1/config.pb.h"
#include "source/base/field_error.h"
#include "source/filter/certificate_facts.h"
#include "source/filter/chain.h"
#include "source/identity/builder.h"
#include "source/net/address.h"
#include "source/server/chain_matcher.h"
#include "source/server/connection_limits.h"
#include "source/server/file_fingerprint.h"
#include "source/server/message_digest.h"
#include "source/upstream/cluster.h"

namespace culvert::server {

// What a part of a snapshot was made from: while all of it is the same, a new snapshot takes the
// part over as it is. Main thread.
struct BuiltFrom {
  MessageDigest config{};
  std::vector<std::shared_ptr<upstream::Cluster>> clusters;
  std::vector<identity::IdentityProviderPtr> identity_providers;
  FileFingerprints files;
};

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
  std::vector<filter::CertificateFacts> certificates;
  // Their paths start at the listener: `filters[0].tls_terminate`.
  std::vector<FieldError> warnings;
  BuiltFrom built_from;
};
using ListenerSnapshotPtr = std::shared_ptr<const ListenerSnapshot>;

struct Snapshot {
  config::v1::Config config;
  // Where the relative file names in it start.
  std::string base_directory;
  std::vector<ListenerSnapshotPtr> listeners;
  std::map<std::string, std::shared_ptr<upstream::Cluster>, std::less<>> clusters;
  identity::ProviderMap identity_providers;
  // Every file whose content is a part of the snapshot, as it was just before it was read. Not
  // those of htpasswd, which are read again by themselves.
  FileFingerprints files;
  // For the snapshot after this one.
  std::unordered_map<std::string, MessageDigest> cluster_digests;
  std::unordered_map<std::string, BuiltFrom> providers_built_from;
  MessageDigest access_log_digest{};
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

// Whether one of its files is no longer as it was. Asks the disk for each of them.
bool FilesChanged(const Snapshot& snapshot);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_SNAPSHOT_H_
