#include "extensions/tls_terminate/factory.h"

#include <memory>
#include <string>
#include <utility>

#include "api/culvert/extensions/tls_terminate/v1/tls_terminate.pb.h"
#include "extensions/tls_terminate/filter.h"
#include "extensions/tls_terminate/options.h"
#include "source/base/duration.h"
#include "source/base/status.h"
#include "source/base/time.h"
#include "source/tls/resumption_policy.h"
#include "source/tls/ticket_key_store.h"

namespace culvert::extensions::tls_terminate {
namespace {

Stats MakeStats(filter::BuildContext& context) {
  const auto done = [&](const char* version) {
    return &context.Counter("culvert_tls_terminate_handshakes_total",
                            "TLS handshakes that succeeded.", {{"version", version}});
  };
  Stats stats{
      .tls12 = done("TLSv1.2"),
      .tls13 = done("TLSv1.3"),
      .resumed = &context.Counter("culvert_tls_terminate_handshakes_resumed_total",
                                  "Those of them that resumed a session."),
      .failures = {},
      .duration = &context.environment().stats().GetHistogram(
          "culvert_tls_terminate_handshake_duration_seconds", {{"listener", context.listener()}},
          "How long TLS handshakes that succeeded took.", stats::LatencyBuckets())};
  for (size_t i = 0; i < kFailureReasons.size(); ++i) {
    stats.failures[i] = &context.Counter("culvert_tls_terminate_handshake_failures_total",
                                         "TLS handshakes that failed.",
                                         {{"reason", std::string(kFailureReasons[i])}});
  }
  return stats;
}

class Factory final : public filter::StreamFilterFactory<v1::TlsTerminate> {
 public:
  std::string_view name() const override { return kName; }

  std::shared_ptr<const filter::StreamFilter> Create(const v1::TlsTerminate& proto,
                                                     filter::BuildContext& context) const override {
    tls::ServerOptions options = MakeOptions(proto, context);
    if (context.has_errors()) return nullptr;
    if (options.session_tickets) {
      options.ticket_keys = context.environment().ticket_keys().Get(
          {context.listener(), tls::ResumptionPolicyOf(options), options.ticket_rotation},
          Clock::now());
    }
    auto server = tls::ServerContext::Create(options);
    if (!server.ok()) {
      context.AddError("certificates", std::string(Message(server.status())));
      return nullptr;
    }
    Config config{.server = *std::move(server), .stats = MakeStats(context)};
    config.handshake_timeout = DurationOr(proto.has_handshake_timeout(), proto.handshake_timeout(),
                                          config.handshake_timeout);
    return std::make_shared<TlsTerminate>(std::move(config));
  }
};

}  // namespace

filter::FilterFactoryPtr MakeTlsTerminateFactory() { return std::make_unique<Factory>(); }

}  // namespace culvert::extensions::tls_terminate
