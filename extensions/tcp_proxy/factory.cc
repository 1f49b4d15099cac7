#include "extensions/tcp_proxy/factory.h"

#include <memory>

#include "api/culvert/extensions/tcp_proxy/v1/tcp_proxy.pb.h"
#include "extensions/tcp_proxy/filter.h"
#include "source/base/duration.h"

namespace culvert::extensions::tcp_proxy {
namespace {

class Factory final : public filter::StreamTerminalFactory<v1::TcpProxy> {
 public:
  std::string_view name() const override { return kName; }

  std::shared_ptr<const filter::StreamTerminal> Create(
      const v1::TcpProxy& proto, filter::BuildContext& context) const override {
    Config config;
    config.cluster = context.environment().FindCluster(proto.cluster());
    // The loader has said that there is none of that name.
    if (config.cluster == nullptr) return nullptr;
    filter::TunnelOptions& tunnel = config.tunnel;
    tunnel.filter = kName;
    tunnel.idle_timeout =
        DurationOr(proto.has_idle_timeout(), proto.idle_timeout(), tunnel.idle_timeout);
    tunnel.max_lifetime =
        DurationOr(proto.has_max_lifetime(), proto.max_lifetime(), tunnel.max_lifetime);
    tunnel.stats = filter::MakeTunnelStats(context, kName);
    config.unreachable = &context.Counter("culvert_tcp_proxy_unreachable_total",
                                          "Connections for which no endpoint could be reached.");
    return std::make_shared<TcpProxy>(std::move(config));
  }
};

}  // namespace

filter::FilterFactoryPtr MakeTcpProxyFactory() { return std::make_unique<Factory>(); }

}  // namespace culvert::extensions::tcp_proxy
