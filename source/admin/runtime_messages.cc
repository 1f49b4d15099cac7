#include "source/admin/runtime_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "source/admin/time_messages.h"
#include "source/base/duration.h"
#include "source/filter/phase.h"
#include "source/net/ip_address.h"

namespace culvert::admin {
namespace {

constexpr Duration kUsualInterval = std::chrono::seconds(1);
constexpr Duration kLeastInterval = std::chrono::milliseconds(100);
// Longer ones are as good as none, and might overflow.
constexpr Duration kMostInterval = std::chrono::hours(24);

void SetValue(uint64_t value, const stats::FamilySnapshot&, v1::Metric& metric) {
  metric.set_counter(value);
}

void SetValue(int64_t value, const stats::FamilySnapshot&, v1::Metric& metric) {
  metric.set_gauge(value);
}

void SetValue(const stats::HistogramValue& value, const stats::FamilySnapshot& family,
              v1::Metric& metric) {
  v1::Histogram& histogram = *metric.mutable_histogram();
  for (size_t i = 0; i < value.buckets.size(); ++i) {
    v1::Histogram::Bucket& bucket = *histogram.add_buckets();
    bucket.set_upper_bound(i < family.bounds.size() ? family.bounds[i]
                                                    : std::numeric_limits<double>::infinity());
    bucket.set_count(value.buckets[i]);
  }
  histogram.set_sum(value.sum);
}

}  // namespace

v1::Listener ToMessage(const server::ListenerSnapshot& listener, std::string bound_address) {
  v1::Listener message;
  message.set_name(listener.name);
  message.set_address(listener.address.ToString());
  message.set_bound_address(std::move(bound_address));
  message.set_filter_chains(static_cast<uint32_t>(listener.chains.size()));
  message.set_connections_total(listener.stats.connections->Value());
  message.set_connections_active(listener.stats.active->Value());
  message.set_bytes_received(listener.context.received_bytes->Value());
  message.set_bytes_sent(listener.context.sent_bytes->Value());
  return message;
}

v1::Cluster ToMessage(const upstream::Cluster& cluster, TimePoint now) {
  v1::Cluster message;
  message.set_name(cluster.name());
  message.set_load_balancing(config::v1::Cluster::LoadBalancing_Name(cluster.load_balancing()));
  for (const auto& endpoint : cluster.endpoints()) {
    v1::Endpoint& entry = *message.add_endpoints();
    entry.set_address(endpoint->text());
    entry.set_ejected(endpoint->ejected(now));
    entry.set_connections_active(endpoint->active());
    entry.set_connects_total(endpoint->connects());
    entry.set_connect_failures_total(endpoint->failures());
  }
  return message;
}

v1::Certificate ToMessage(const filter::CertificateFacts& certificate,
                          const std::string& listener) {
  v1::Certificate message;
  message.set_listener(listener);
  message.set_path(certificate.path);
  message.set_subject(certificate.subject);
  message.set_issuer(certificate.issuer);
  for (const std::string& name : certificate.alternative_names) {
    message.add_alternative_names(name);
  }
  *message.mutable_not_before() = ToTimestamp(certificate.not_before);
  *message.mutable_not_after() = ToTimestamp(certificate.not_after);
  message.set_serial_number(certificate.serial_number);
  message.set_fingerprint(certificate.fingerprint);
  message.set_key(certificate.key);
  message.set_file(certificate.file);
  return message;
}

v1::Connection ToMessage(const server::ConnectionInfo& connection) {
  v1::Connection message;
  message.set_id(connection.id);
  message.set_listener(connection.listener);
  message.set_filter_chain(connection.filter_chain);
  message.set_user(connection.user);
  message.set_source(connection.source);
  message.set_destination(connection.destination);
  message.set_resolved_address(connection.resolved_address);
  message.set_cluster(connection.cluster);
  message.set_phase(std::string(connection.phase));
  *message.mutable_start() = ToTimestamp(connection.start);
  message.set_bytes_received(connection.bytes_received);
  message.set_bytes_sent(connection.bytes_sent);
  message.set_tls_version(connection.tls_version);
  message.set_tls_server_name(connection.tls_server_name);
  return message;
}

v1::GetStatsResponse ToMessage(const stats::Snapshot& metrics, std::string_view filter) {
  v1::GetStatsResponse message;
  *message.mutable_time() = ToTimestamp(std::chrono::system_clock::now());
  for (const stats::FamilySnapshot& family : metrics) {
    if (family.name.find(filter) == std::string::npos) continue;
    for (const stats::Sample& sample : family.samples) {
      v1::Metric& metric = *message.add_metrics();
      metric.set_name(family.name);
      for (const auto& [name, value] : sample.labels) (*metric.mutable_labels())[name] = value;
      std::visit([&](const auto& value) { SetValue(value, family, metric); }, sample.value);
    }
  }
  return message;
}

std::optional<server::ConnectionQuery> FromMessage(const v1::ConnectionFilter& filter,
                                                   FieldError& error) {
  server::ConnectionQuery query{filter.listener(), filter.user(), filter.source(),
                                filter.destination(), filter.phase()};
  const bool by_address = !query.source.empty() && !query.source.starts_with("unix:");
  if (by_address && !net::IpAddress::Parse(query.source)) {
    error = {"filter.source", "is no IP address; write one without a port"};
    return std::nullopt;
  }
  if (!query.phase.empty() && !filter::ParsePhase(query.phase)) {
    error = {"filter.phase", fmt::format("there is no phase `{}`", query.phase)};
    return std::nullopt;
  }
  return query;
}

std::optional<Duration> IntervalOf(bool present, const google::protobuf::Duration& interval,
                                   FieldError& error) {
  const Duration duration = DurationOr(present, interval, kUsualInterval);
  if (duration < kLeastInterval) {
    error = {"interval", "is under 100ms; watch less often"};
    return std::nullopt;
  }
  return std::min(duration, kMostInterval);
}

}  // namespace culvert::admin
