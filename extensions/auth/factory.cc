#include "extensions/auth/factory.h"

#include <memory>
#include <string>
#include <utility>

#include "api/culvert/extensions/auth/v1/auth.pb.h"
#include "extensions/auth/basic_credentials.h"
#include "extensions/auth/filter.h"
#include "source/base/duration.h"
#include "source/identity/htpasswd.h"

namespace culvert::extensions::auth {
namespace {

constexpr std::string_view kDefaultRealm = "culvert";

std::string ReadRealm(const v1::Auth& proto, filter::BuildContext& context) {
  if (proto.realm().empty()) return std::string(kDefaultRealm);
  if (identity::HasControlCharacter(proto.realm())) {
    context.AddError("realm", "has a control character; write one line of text");
  }
  return proto.realm();
}

identity::FailureLimits ReadLimits(const v1::Auth& proto, filter::BuildContext& context) {
  identity::FailureLimits limits;
  limits.first_delay =
      DurationOr(proto.has_failure_delay(), proto.failure_delay(), limits.first_delay);
  limits.maximum_delay = DurationOr(proto.has_maximum_failure_delay(),
                                    proto.maximum_failure_delay(), limits.maximum_delay);
  if (limits.first_delay > limits.maximum_delay) {
    context.AddError(
        "failure_delay",
        "is longer than maximum_failure_delay; lower it, or raise that one (8s where not given)");
  }
  return limits;
}

Stats MakeStats(filter::BuildContext& context) {
  Stats stats;
  stats.allowed = &context.Counter("culvert_auth_allowed_total", "Requests with a right password.");
  for (const Denial denial : kDenials) {
    stats.denied[static_cast<size_t>(denial)] =
        &context.Counter("culvert_auth_denied_total", "Requests that were not let pass.",
                         {{"reason", std::string(ToToken(denial))}});
  }
  stats.cache_hits = &context.Counter("culvert_auth_cache_hits_total",
                                      "Right passwords that were known from a short while ago.");
  stats.time = &context.environment().stats().GetHistogram(
      "culvert_auth_duration_seconds", {{"listener", context.listener()}},
      "How long it took to let a request pass or not, with the delays of failures.",
      stats::LatencyBuckets());
  return stats;
}

class Factory final : public filter::HttpFilterFactory<v1::Auth> {
 public:
  std::string_view name() const override { return kName; }

  std::shared_ptr<const filter::HttpFilter> Create(const v1::Auth& proto,
                                                   filter::BuildContext& context) const override {
    filter::BuildEnvironment& environment = context.environment();
    Config config;
    for (const std::string& provider : proto.providers()) {
      config.providers.push_back(environment.FindIdentityProvider(provider));
      // The loader has said that there is none of that name.
      if (config.providers.back() == nullptr) return nullptr;
    }
    config.verifier = environment.credential_verifier();
    config.challenge = BasicChallenge(ReadRealm(proto, context));
    config.success_cache =
        DurationOr(proto.has_success_cache(), proto.success_cache(), config.success_cache);
    config.failure_limits = ReadLimits(proto, context);
    config.workers = environment.workers();
    config.stats = MakeStats(context);
    return std::make_shared<Auth>(std::move(config));
  }
};

}  // namespace

filter::FilterFactoryPtr MakeAuthFactory() { return std::make_unique<Factory>(); }

}  // namespace culvert::extensions::auth
