#include "extensions/http_connect/factory.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/culvert/extensions/http_connect/v1/http_connect.pb.h"
#include "extensions/http_connect/filter.h"
#include "source/base/duration.h"

namespace culvert::extensions::http_connect {
namespace {

upstream::DestinationPolicy CompilePolicy(const config::v1::DestinationPolicy& proto,
                                          filter::BuildContext& context) {
  std::vector<FieldError> errors;
  std::optional<upstream::DestinationPolicy> policy =
      upstream::DestinationPolicy::Compile(proto, errors);
  for (FieldError& error : errors) {
    context.AddError("policy." + error.path, std::move(error.message));
  }
  return policy ? *std::move(policy) : upstream::DestinationPolicy();
}

Stats MakeStats(filter::BuildContext& context) {
  Stats stats;
  for (size_t i = 0; i < kStatuses.size(); ++i) {
    stats.answers[i] = &context.Counter("culvert_http_connect_requests_total",
                                        "CONNECT requests, by their answer.",
                                        {{"status", std::to_string(kStatuses[i])}});
  }
  stats.cut = &context.Counter("culvert_http_connect_tunnels_cut_total",
                               "Tunnels whose first bytes were not the TLS that is required.");
  stats.dial_time = &context.environment().stats().GetHistogram(
      "culvert_http_connect_dial_duration_seconds", {{"listener", context.listener()}},
      "How long resolving and connecting took, successful or not.", stats::LatencyBuckets());
  return stats;
}

class Factory final : public filter::HttpFilterFactory<v1::HttpConnect> {
 public:
  std::string_view name() const override { return kName; }

  std::shared_ptr<const filter::HttpFilter> Create(const v1::HttpConnect& proto,
                                                   filter::BuildContext& context) const override {
    Config config;
    if (proto.has_policy()) config.policy = CompilePolicy(proto.policy(), context);
    if (!proto.cluster().empty()) {
      config.cluster = context.environment().FindCluster(proto.cluster());
      // The loader has said that there is none of that name.
      if (config.cluster == nullptr) return nullptr;
    }
    config.connect_timeout =
        DurationOr(proto.has_connect_timeout(), proto.connect_timeout(), config.connect_timeout);
    config.require_matching_server_name = proto.require_matching_server_name();
    config.require_tls = proto.require_tls() || proto.require_matching_server_name();
    config.client_hello_timeout =
        DurationOr(proto.has_client_hello_timeout(), proto.client_hello_timeout(),
                   config.client_hello_timeout);
    filter::TunnelOptions& tunnel = config.tunnel;
    tunnel.filter = kName;
    tunnel.idle_timeout =
        DurationOr(proto.has_idle_timeout(), proto.idle_timeout(), tunnel.idle_timeout);
    tunnel.max_lifetime =
        DurationOr(proto.has_max_lifetime(), proto.max_lifetime(), tunnel.max_lifetime);
    tunnel.stats = filter::MakeTunnelStats(context, kName);
    config.stats = MakeStats(context);
    return std::make_shared<HttpConnect>(std::move(config));
  }
};

}  // namespace

filter::FilterFactoryPtr MakeHttpConnectFactory() { return std::make_unique<Factory>(); }

}  // namespace culvert::extensions::http_connect
