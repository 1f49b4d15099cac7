#include "extensions/http_connect/filter.h"

#include <algorithm>
#include <optional>
#include <string>

#include "extensions/http_connect/answer.h"
#include "extensions/http_connect/first_bytes.h"
#include "source/base/status.h"
#include "source/net/stream_io.h"
#include "source/upstream/dialer.h"

namespace culvert::extensions::http_connect {

using culvert::http::Exchange;
using filter::ConnectionContext;
using filter::HttpVerdict;
using filter::StreamPtr;
using filter::Task;
using upstream::Decision;

namespace {

constexpr size_t kReadSize = 4096;

upstream::Identity IdentityOf(const ConnectionContext& connection) {
  const identity::Identity* known = connection.identity();
  if (known == nullptr) return {};
  return {.user = known->name, .groups = known->groups};
}

Failure DeniedBy(const Decision& decision) {
  const bool by_address = decision.reason == Decision::Reason::kNotPublic;
  return {Side::kDownstream, Stage::kPolicy, by_address ? kAddressDenied : kPolicyDenied,
          decision.ToString()};
}

// Asked for each address that a name has, so that what was checked is what is dialled.
class PolicyCheck final : public upstream::AddressCheck {
 public:
  PolicyCheck(const upstream::DestinationPolicy& policy, const net::HostPort& destination,
              upstream::Identity identity)
      : policy_(policy), destination_(destination), identity_(identity) {}

  bool Allows(const net::IpAddress& address) override {
    last_ = policy_.Check(destination_, address, identity_);
    return last_.verdict == Decision::Verdict::kAllowed;
  }

  // Where every address was refused: why the last one was.
  Failure failure() const {
    return {Side::kDownstream, Stage::kPolicy, kAddressDenied, last_.ToString()};
  }

 private:
  const upstream::DestinationPolicy& policy_;
  const net::HostPort& destination_;
  const upstream::Identity identity_;
  Decision last_;
};

std::string_view ReasonOf(const net::IoResult& read) {
  if (read.ended()) return "closed_before_client_hello";
  return read.error == net::IoError::kTimedOut ? "client_hello_timeout" : "downstream_failed";
}

}  // namespace

Task<HttpVerdict> HttpConnect::OnRequest(Exchange& exchange, ConnectionContext& connection) const {
  if (exchange.request().target_form != culvert::http::TargetForm::kAuthority) {
    co_return HttpVerdict::kNext;
  }
  // What it takes to open a tunnel is given back before the tunnel begins.
  Ends ends = co_await Open(exchange, connection);
  if (ends.upstream != nullptr) {
    co_await filter::RunTunnel(std::move(ends.downstream), std::move(ends.upstream), config_.tunnel,
                               connection);
  }
  co_return HttpVerdict::kDone;
}

Task<HttpConnect::Ends> HttpConnect::Open(Exchange& exchange, ConnectionContext& connection) const {
  connection.record().protocol = "connect";
  const absl::StatusOr<net::HostPort> destination =
      net::HostPort::ParseAuthority(exchange.request().target);
  Reached reached;
  if (!destination.ok()) {
    reached.failure = {Side::kDownstream, Stage::kRequestHead, kDestinationMalformed,
                       std::string(Message(destination.status()))};
  } else if (connection.draining()) {
    reached.failure = {Side::kLocal, Stage::kRequestHead, kDraining};
  } else {
    connection.record().destination = destination->ToString();
    reached = co_await Reach(*destination, connection);
  }
  // Who cancels a connection says why, and there is nobody left to answer.
  if (connection.scope().cancelled()) co_return Ends{};
  if (reached.stream == nullptr) {
    co_await Refuse(exchange, connection, std::move(reached.failure));
    co_return Ends{};
  }
  CountAnswer(200, connection);
  connection.set_phase(filter::Phase::kResponse);
  StreamPtr downstream = co_await exchange.TakeOver(200, {});
  if (downstream == nullptr) {
    if (!connection.scope().cancelled()) {
      connection.End(kName, {Side::kDownstream, Stage::kTunnel, "downstream_failed",
                             "the answer could not be sent"});
    }
    co_return Ends{};
  }
  if (config_.require_tls) {
    const bool begins_with_tls = co_await BeginsWithTls(*downstream, *destination, connection);
    if (!begins_with_tls) {
      downstream->Abort();
      co_return Ends{};
    }
  }
  co_return Ends{std::move(downstream), std::move(reached.stream), std::move(reached.use)};
}

Task<HttpConnect::Reached> HttpConnect::Reach(const net::HostPort& destination,
                                              ConnectionContext& connection) const {
  const upstream::Identity identity = IdentityOf(connection);
  const Decision decision = config_.cluster != nullptr
                                ? config_.policy.CheckWithoutAddress(destination, identity)
                                : config_.policy.CheckBeforeResolving(destination, identity);
  if (decision.verdict == Decision::Verdict::kDenied) {
    Reached denied;
    denied.failure = DeniedBy(decision);
    co_return denied;
  }
  connection.set_phase(filter::Phase::kConnect);
  const TimePoint start = Clock::now();
  Reached reached;
  if (config_.cluster != nullptr) {
    reached = co_await ReachCluster(connection);
  } else {
    reached = co_await ReachHost(destination, connection);
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  config_.stats.dial_time->Observe(connection.worker().index, took.count());
  co_return reached;
}

Task<HttpConnect::Reached> HttpConnect::ReachHost(const net::HostPort& destination,
                                                  ConnectionContext& connection) const {
  PolicyCheck check(config_.policy, destination, IdentityOf(connection));
  upstream::DialResult dialled = co_await upstream::DialHost(
      connection.worker(), destination, &check, connection.In(config_.connect_timeout));
  dialled.Describe(connection.record());
  Reached reached;
  reached.stream = std::move(dialled.stream);
  reached.failure =
      dialled.failure.stage == Stage::kPolicy ? check.failure() : std::move(dialled.failure);
  co_return reached;
}

Task<HttpConnect::Reached> HttpConnect::ReachCluster(ConnectionContext& connection) const {
  connection.record().cluster = config_.cluster->name();
  upstream::ClusterDialResult dialled =
      co_await config_.cluster->Dial(connection.worker(), connection.In(config_.connect_timeout));
  dialled.Describe(connection.record());
  Reached reached;
  reached.stream = std::move(dialled.stream);
  reached.use = std::move(dialled.use);
  reached.failure = std::move(dialled.failure);
  co_return reached;
}

Task<void> HttpConnect::Refuse(Exchange& exchange, ConnectionContext& connection,
                               Failure failure) const {
  const Answer answer = AnswerTo(failure);
  CountAnswer(answer.status, connection);
  connection.End(kName, std::move(failure));
  culvert::http::Response response = MakeResponse(answer);
  response.close = connection.draining();
  connection.set_phase(filter::Phase::kResponse);
  co_await exchange.Respond(std::move(response));
}

Task<bool> HttpConnect::BeginsWithTls(net::Stream& downstream, const net::HostPort& destination,
                                      ConnectionContext& connection) const {
  connection.set_phase(filter::Phase::kTunnel);
  FirstBytes first(config_.require_matching_server_name ? &destination : nullptr);
  FirstBytes::Verdict verdict = FirstBytes::Verdict::kNeedsMore;
  const TimePoint deadline = connection.In(config_.client_hello_timeout);
  std::array<char, kReadSize> buffer;
  std::optional<Failure> failure;
  while (verdict == FirstBytes::Verdict::kNeedsMore && !failure) {
    const net::IoResult read = co_await net::Read(downstream, buffer, deadline);
    if (read.ok()) {
      verdict = first.Feed(std::span(buffer).first(read.bytes));
    } else {
      failure = Failure{Side::kDownstream, Stage::kTunnel, ReasonOf(read)};
    }
  }
  if (verdict == FirstBytes::Verdict::kPassed) {
    downstream.PushBack(first.bytes());
    co_return true;
  }
  connection.record().bytes.downstream_received += first.bytes().size();
  config_.stats.cut->Add(connection.worker().index);
  if (!connection.scope().cancelled()) connection.End(kName, failure.value_or(first.failure()));
  co_return false;
}

void HttpConnect::CountAnswer(int status, const ConnectionContext& connection) const {
  const auto* found = std::ranges::find(kStatuses, status);
  config_.stats.answers[found - kStatuses.begin()]->Add(connection.worker().index);
}

}  // namespace culvert::extensions::http_connect
