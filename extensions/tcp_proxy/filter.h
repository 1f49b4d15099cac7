// The filter of `tcp_proxy`. One object serves all connections of a chain, on every worker.
#ifndef CULVERT_EXTENSIONS_TCP_PROXY_FILTER_H_
#define CULVERT_EXTENSIONS_TCP_PROXY_FILTER_H_

#include <memory>
#include <string_view>
#include <utility>

#include "source/filter/filter.h"
#include "source/filter/tunnel.h"
#include "source/stats/metric.h"
#include "source/upstream/cluster.h"

namespace culvert::extensions::tcp_proxy {

inline constexpr std::string_view kName = "tcp_proxy";

struct Config {
  std::shared_ptr<upstream::Cluster> cluster;
  filter::TunnelOptions tunnel;
  stats::Counter* unreachable = nullptr;
};

class TcpProxy final : public filter::StreamTerminal {
 public:
  explicit TcpProxy(Config config) : config_(std::move(config)) {}

  filter::Task<void> Run(filter::StreamPtr downstream,
                         filter::ConnectionContext& connection) const override;

 private:
  // What is left of a dial for the life of the connection.
  struct Upstream {
    filter::StreamPtr stream;  // null if no endpoint could be reached; the record says why
    upstream::EndpointUse use;
  };
  filter::Task<Upstream> Connect(filter::ConnectionContext& connection) const;

  const Config config_;
};

}  // namespace culvert::extensions::tcp_proxy

#endif  // CULVERT_EXTENSIONS_TCP_PROXY_FILTER_H_
