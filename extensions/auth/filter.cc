#include "extensions/auth/filter.h"

#include <functional>
#include <utility>

#include "source/identity/source_key.h"
#include "source/net/wait.h"

namespace culvert::extensions::auth {

using culvert::http::Exchange;
using filter::ConnectionContext;
using filter::HttpVerdict;
using filter::Task;
using identity::CheckOutcome;
using identity::CheckResult;

namespace {

// A hash takes a second at most, and the queue before it is bounded.
constexpr Duration kCheckTimeout = std::chrono::seconds(10);

}  // namespace

Auth::Auth(Config config)
    : config_(std::move(config)), all_fast_(identity::AllFast(config_.providers)) {
  for (uint32_t i = 0; i < config_.workers; ++i)
    workers_.push_back(std::make_unique<WorkerState>());
}

Task<HttpVerdict> Auth::OnRequest(Exchange& exchange, ConnectionContext& connection) const {
  // That the request before it on the connection was somebody's says nothing of this one.
  connection.clear_identity();
  const uint32_t worker = connection.worker().index;
  connection.set_phase(filter::Phase::kAuth);
  const TimePoint start = Clock::now();
  const std::optional<Denial> denial = co_await Authenticate(exchange, connection);
  const Duration took = Clock::now() - start;
  connection.record().durations.auth = took;
  if (connection.scope().cancelled()) co_return HttpVerdict::kDone;
  config_.stats.time->Observe(worker, std::chrono::duration<double>(took).count());
  if (!denial) {
    connection.set_phase(filter::Phase::kRequest);
    config_.stats.allowed->Add(worker);
    co_return HttpVerdict::kNext;
  }
  config_.stats.denied[static_cast<size_t>(*denial)]->Add(worker);
  connection.End(kName, FailureOf(*denial));
  connection.set_phase(filter::Phase::kResponse);
  co_await exchange.Respond(MakeAnswer(*denial, exchange.is_proxy_request(), config_.challenge));
  co_return HttpVerdict::kDone;
}

Task<std::optional<Denial>> Auth::Authenticate(Exchange& exchange,
                                               ConnectionContext& connection) const {
  const std::string_view field =
      exchange.is_proxy_request() ? "Proxy-Authorization" : "Authorization";
  if (exchange.request().Count(field) > 1) co_return Denial::kRepeated;
  const std::optional<std::string_view> value = exchange.request().Find(field);
  if (!value) co_return Denial::kMissing;
  const std::optional<BasicCredentials> credentials = BasicCredentials::Parse(*value);
  // It was meant for this proxy: nobody behind it gets to see it.
  exchange.RemoveRequestField(field);
  if (!credentials) co_return Denial::kMalformed;
  co_return co_await Check(*credentials, connection);
}

Task<std::optional<Denial>> Auth::Check(const BasicCredentials& credentials,
                                        ConnectionContext& connection) const {
  const std::string source = identity::SourceKey(connection.remote_address());
  const Attempt attempt{credentials, source,
                        identity::MakeCredentialKey(hash_, config_.providers, credentials.user(),
                                                    credentials.password())};
  std::optional<CheckResult> result = co_await FindOut(attempt, connection);
  if (!result) co_return Denial::kTimedOut;
  identity::FailureThrottle& failures = state(connection).failures;
  switch (result->outcome) {
    case CheckOutcome::kOk: {
      // A right password waits as a wrong one would: else a guesser need not wait for an answer to
      // know it.
      const Duration delay = failures.Delay(connection.now(), source, credentials.user());
      failures.RecordSuccess(credentials.user());
      if (delay > Duration::zero()) co_await net::SleepUntil(connection.In(delay));
      connection.set_identity(std::move(result->identity));
      co_return std::nullopt;
    }
    case CheckOutcome::kWrongPassword:
    case CheckOutcome::kUnknownUser: {
      const Duration delay = failures.RecordFailure(
          connection.now(), {source, credentials.user(), attempt.key}, config_.failure_limits);
      if (delay > Duration::zero()) co_await net::SleepUntil(connection.In(delay));
      co_return Denial::kWrong;
    }
    case CheckOutcome::kOverloaded:
      co_return Denial::kOverloaded;
    case CheckOutcome::kError:
      break;
  }
  co_return Denial::kFailed;
}

Task<std::optional<CheckResult>> Auth::FindOut(const Attempt& attempt,
                                               ConnectionContext& connection) const {
  identity::SuccessCache& successes = state(connection).successes;
  const identity::Identity* known =
      successes.Find(attempt.key, connection.now(), config_.success_cache);
  if (known != nullptr) {
    config_.stats.cache_hits->Add(connection.worker().index);
    co_return CheckResult{CheckOutcome::kOk, *known};
  }
  std::optional<CheckResult> result;
  if (all_fast_) {
    result =
        identity::VerifyWithProviders(config_.providers, attempt.credentials.user(),
                                      attempt.credentials.password(), state(connection).scratch);
  } else {
    result = co_await AskVerifier(attempt, connection);
  }
  if (result && result->outcome == CheckOutcome::kOk && config_.success_cache > Duration::zero()) {
    successes.Insert(attempt.key, result->identity, connection.now());
  }
  co_return result;
}

Task<std::optional<CheckResult>> Auth::AskVerifier(const Attempt& attempt,
                                                   ConnectionContext& connection) const {
  net::EventLoop& loop = connection.loop();
  net::Readiness answered;
  std::optional<CheckResult> result;
  // The last one declared is the first to go, and once it is gone nothing is written to the others.
  const identity::Verification verification = config_.verifier->Verify(
      {.providers = config_.providers,
       .key = attempt.key,
       .user = attempt.credentials.user(),
       .password = attempt.credentials.password(),
       .source = attempt.source},
      [&loop](std::function<void()> function) { loop.Post(std::move(function)); },
      [&answered, &result](const CheckResult& checked) {
        result = checked;
        answered.Signal();
      });
  co_await net::Wait(connection.In(kCheckTimeout), &answered);
  co_return result;
}

}  // namespace culvert::extensions::auth
