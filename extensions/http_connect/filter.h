// The filter of `http_connect`: from a CONNECT to a tunnel, or to an answer that says why not. One
// object serves all requests of a chain, on every worker.
#ifndef CULVERT_EXTENSIONS_HTTP_CONNECT_FILTER_H_
#define CULVERT_EXTENSIONS_HTTP_CONNECT_FILTER_H_

#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "source/filter/filter.h"
#include "source/filter/tunnel.h"
#include "source/stats/metric.h"
#include "source/upstream/cluster.h"
#include "source/upstream/destination_policy.h"

namespace culvert::extensions::http_connect {

inline constexpr std::string_view kName = "http_connect";

// All that a CONNECT may be answered with here.
inline constexpr std::array kStatuses = {200, 400, 403, 502, 503, 504};

struct Stats {
  std::array<stats::Counter*, kStatuses.size()> answers = {};
  stats::Counter* cut = nullptr;
  stats::Histogram* dial_time = nullptr;
};

struct Config {
  upstream::DestinationPolicy policy;
  // Null: the destination itself is dialled.
  std::shared_ptr<upstream::Cluster> cluster;
  Duration connect_timeout = std::chrono::seconds(10);
  bool require_tls = false;
  bool require_matching_server_name = false;
  Duration client_hello_timeout = std::chrono::seconds(10);
  filter::TunnelOptions tunnel;
  Stats stats;
};

class HttpConnect final : public filter::HttpFilter {
 public:
  explicit HttpConnect(Config config) : config_(std::move(config)) {}

  filter::Task<filter::HttpVerdict> OnRequest(culvert::http::Exchange& exchange,
                                              filter::ConnectionContext& connection) const override;

 private:
  // Who was reached, or why nobody.
  struct Reached {
    filter::StreamPtr stream;
    upstream::EndpointUse use;
    Failure failure;
  };
  // Both ends of a tunnel that is to begin; without streams if there is none, and then all is said.
  struct Ends {
    filter::StreamPtr downstream;
    filter::StreamPtr upstream;
    upstream::EndpointUse use;
  };

  filter::Task<Ends> Open(culvert::http::Exchange& exchange,
                          filter::ConnectionContext& connection) const;
  filter::Task<Reached> Reach(const net::HostPort& destination,
                              filter::ConnectionContext& connection) const;
  filter::Task<Reached> ReachHost(const net::HostPort& destination,
                                  filter::ConnectionContext& connection) const;
  filter::Task<Reached> ReachCluster(filter::ConnectionContext& connection) const;
  filter::Task<void> Refuse(culvert::http::Exchange& exchange,
                            filter::ConnectionContext& connection, Failure failure) const;
  // Whether the client has begun with the TLS that is required; what it sent is then to be read
  // again. If not, the record says so.
  filter::Task<bool> BeginsWithTls(net::Stream& downstream, const net::HostPort& destination,
                                   filter::ConnectionContext& connection) const;
  void CountAnswer(int status, const filter::ConnectionContext& connection) const;

  const Config config_;
};

}  // namespace culvert::extensions::http_connect

#endif  // CULVERT_EXTENSIONS_HTTP_CONNECT_FILTER_H_
