// The filter of `auth`. One object serves all requests of a chain; what it remembers of passwords
// and failures it has once for each worker, whose thread alone touches it.
#ifndef CULVERT_EXTENSIONS_AUTH_FILTER_H_
#define CULVERT_EXTENSIONS_AUTH_FILTER_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extensions/auth/basic_credentials.h"
#include "extensions/auth/denial.h"
#include "source/filter/filter.h"
#include "source/identity/credential_key.h"
#include "source/identity/failure_throttle.h"
#include "source/identity/keyed_hash.h"
#include "source/identity/provider.h"
#include "source/identity/success_cache.h"
#include "source/identity/verifier.h"
#include "source/stats/metric.h"

namespace culvert::extensions::auth {

inline constexpr std::string_view kName = "auth";

struct Stats {
  stats::Counter* allowed = nullptr;
  std::array<stats::Counter*, kDenials.size()> denied = {};  // by Denial
  stats::Counter* cache_hits = nullptr;
  stats::Histogram* time = nullptr;
};

struct Config {
  std::vector<identity::IdentityProviderPtr> providers;
  // For providers that are slow.
  std::shared_ptr<identity::CredentialVerifier> verifier;
  // The value of the field that asks for credentials.
  std::string challenge;
  // How long a password that was right is not hashed again; zero: hash every time.
  Duration success_cache = std::chrono::seconds(60);
  identity::FailureLimits failure_limits;
  uint32_t workers = 1;
  Stats stats;
};

class Auth final : public filter::HttpFilter {
 public:
  explicit Auth(Config config);

  filter::Task<filter::HttpVerdict> OnRequest(culvert::http::Exchange& exchange,
                                              filter::ConnectionContext& connection) const override;

 private:
  struct WorkerState {
    identity::SuccessCache successes;
    identity::FailureThrottle failures;
    identity::HashScratch scratch;
  };
  // One attempt to come in. Views: what they point to lives as long as the attempt.
  struct Attempt {
    const BasicCredentials& credentials;
    std::string_view source;
    identity::CredentialKey key;
  };

  // The identity is in the context if there is no denial.
  filter::Task<std::optional<Denial>> Authenticate(culvert::http::Exchange& exchange,
                                                   filter::ConnectionContext& connection) const;
  filter::Task<std::optional<Denial>> Check(const BasicCredentials& credentials,
                                            filter::ConnectionContext& connection) const;
  // From the cache, or by asking the providers. Nothing if it took too long.
  filter::Task<std::optional<identity::CheckResult>> FindOut(
      const Attempt& attempt, filter::ConnectionContext& connection) const;
  filter::Task<std::optional<identity::CheckResult>> AskVerifier(
      const Attempt& attempt, filter::ConnectionContext& connection) const;

  WorkerState& state(const filter::ConnectionContext& connection) const {
    return *workers_[connection.worker().index];
  }

  const Config config_;
  const bool all_fast_;
  const identity::KeyedHash hash_ = identity::KeyedHash::Random();
  std::vector<std::unique_ptr<WorkerState>> workers_;
};

}  // namespace culvert::extensions::auth

#endif  // CULVERT_EXTENSIONS_AUTH_FILTER_H_
