#include "source/admin/runtime_messages.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <vector>

#include "source/stats/registry.h"

namespace culvert::admin {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

std::string FaultOf(const v1::ConnectionFilter& filter) {
  FieldError error;
  EXPECT_FALSE(FromMessage(filter, error));
  EXPECT_FALSE(error.message.empty());
  return error.path;
}

google::protobuf::Duration Seconds(int64_t seconds, int32_t nanos = 0) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds);
  duration.set_nanos(nanos);
  return duration;
}

class MetricsTest : public testing::Test {
 protected:
  v1::GetStatsResponse Read(std::string_view filter) { return ToMessage(registry_.Read(), filter); }

  stats::Registry registry_{1};
};

TEST_F(MetricsTest, CountersAndGaugesHaveTheirLabels) {
  registry_.GetCounter("culvert_test_events_total", {{"listener", "web"}}, "Events.").AddShared(3);
  registry_.GetGauge("culvert_test_depth", {}, "Depth.").SetShared(-2);
  const v1::GetStatsResponse message = Read("");
  EXPECT_GT(message.time().seconds(), 0);
  ASSERT_EQ(message.metrics_size(), 2);
  EXPECT_EQ(message.metrics(0).name(), "culvert_test_depth");
  EXPECT_EQ(message.metrics(0).gauge(), -2);
  EXPECT_EQ(message.metrics(1).counter(), 3);
  EXPECT_EQ(message.metrics(1).labels().at("listener"), "web");
}

TEST_F(MetricsTest, TheLastBucketOfAHistogramHasNoEnd) {
  const std::vector<double> bounds = {1, 5};
  stats::Histogram& histogram =
      registry_.GetHistogram("culvert_test_wait_seconds", {}, "Waits.", bounds);
  for (const double value : {0.5, 1.0, 4.0, 100.0}) histogram.ObserveShared(value);
  const v1::GetStatsResponse message = Read("");
  ASSERT_EQ(message.metrics_size(), 1);
  const v1::Histogram& value = message.metrics(0).histogram();
  EXPECT_DOUBLE_EQ(value.sum(), 105.5);
  ASSERT_EQ(value.buckets_size(), 3);
  EXPECT_DOUBLE_EQ(value.buckets(0).upper_bound(), 1);
  EXPECT_EQ(value.buckets(0).count(), 2);
  EXPECT_DOUBLE_EQ(value.buckets(1).upper_bound(), 5);
  EXPECT_EQ(value.buckets(1).count(), 1);
  EXPECT_TRUE(std::isinf(value.buckets(2).upper_bound()));
  EXPECT_EQ(value.buckets(2).count(), 1);
}

TEST_F(MetricsTest, AFilterIsAPartOfTheName) {
  registry_.GetCounter("culvert_test_events_total", {}, "Events.");
  registry_.GetCounter("culvert_other_events_total", {}, "Events.");
  EXPECT_EQ(Read("events").metrics_size(), 2);
  ASSERT_EQ(Read("test").metrics_size(), 1);
  EXPECT_EQ(Read("test").metrics(0).name(), "culvert_test_events_total");
  EXPECT_EQ(Read("nothing").metrics_size(), 0);
}

TEST(RuntimeMessagesTest, ACertificateTellsAllItsFacts) {
  filter::CertificateFacts facts;
  facts.path = "filters[0].tls_terminate.certificates[0]";
  facts.subject = "CN=web";
  facts.issuer = "CN=ca";
  facts.alternative_names = {"web.example.com", "192.0.2.1"};
  facts.not_before = system_clock::time_point(seconds(100));
  facts.not_after = system_clock::time_point(seconds(200));
  facts.serial_number = "0a";
  facts.fingerprint = "c0ffee";
  facts.key = "ECDSA P-256";
  facts.file = "/etc/web.pem";
  const v1::Certificate message = ToMessage(facts, "web");
  EXPECT_EQ(message.listener(), "web");
  EXPECT_EQ(message.path(), "filters[0].tls_terminate.certificates[0]");
  EXPECT_EQ(message.subject(), "CN=web");
  EXPECT_EQ(message.issuer(), "CN=ca");
  ASSERT_EQ(message.alternative_names_size(), 2);
  EXPECT_EQ(message.alternative_names(1), "192.0.2.1");
  EXPECT_EQ(message.not_before().seconds(), 100);
  EXPECT_EQ(message.not_after().seconds(), 200);
  EXPECT_EQ(message.serial_number(), "0a");
  EXPECT_EQ(message.fingerprint(), "c0ffee");
  EXPECT_EQ(message.key(), "ECDSA P-256");
  EXPECT_EQ(message.file(), "/etc/web.pem");
}

TEST(RuntimeMessagesTest, AClusterTellsItsEndpoints) {
  config::v1::Cluster config;
  config.set_name("db");
  config.set_load_balancing(config::v1::Cluster::LEAST_CONNECTIONS);
  for (const char* address : {"192.0.2.1:80", "db.example.com:81"}) {
    config.add_endpoints()->set_address(address);
  }
  stats::Registry registry(1);
  std::vector<FieldError> errors;
  const auto cluster = upstream::Cluster::Create(config, "clusters[0]", registry, errors);
  ASSERT_NE(cluster, nullptr);
  const upstream::EndpointUse use(cluster, *cluster->endpoints()[1]);
  const v1::Cluster message = ToMessage(*cluster, Clock::now());
  EXPECT_EQ(message.name(), "db");
  EXPECT_EQ(message.load_balancing(), "LEAST_CONNECTIONS");
  ASSERT_EQ(message.endpoints_size(), 2);
  EXPECT_EQ(message.endpoints(0).address(), "192.0.2.1:80");
  EXPECT_EQ(message.endpoints(0).connections_active(), 0);
  EXPECT_EQ(message.endpoints(1).address(), "db.example.com:81");
  EXPECT_EQ(message.endpoints(1).connections_active(), 1);
  EXPECT_FALSE(message.endpoints(1).ejected());
}

TEST(RuntimeMessagesTest, AConnectionTellsWhoAndWhereAndHowMuch) {
  server::ConnectionInfo info;
  info.id = 42;
  info.listener = "web";
  info.filter_chain = "default";
  info.user = "alice";
  info.source = "192.0.2.1:5000";
  info.destination = "example.com:443";
  info.resolved_address = "198.51.100.1:443";
  info.cluster = "db";
  info.phase = "tunnel";
  info.start = system_clock::time_point(seconds(100));
  info.bytes_received = 1;
  info.bytes_sent = 2;
  info.tls_version = "TLSv1.3";
  info.tls_server_name = "proxy.example.com";
  const v1::Connection message = ToMessage(info);
  EXPECT_EQ(message.id(), 42);
  EXPECT_EQ(message.listener(), "web");
  EXPECT_EQ(message.filter_chain(), "default");
  EXPECT_EQ(message.user(), "alice");
  EXPECT_EQ(message.source(), "192.0.2.1:5000");
  EXPECT_EQ(message.destination(), "example.com:443");
  EXPECT_EQ(message.resolved_address(), "198.51.100.1:443");
  EXPECT_EQ(message.cluster(), "db");
  EXPECT_EQ(message.phase(), "tunnel");
  EXPECT_EQ(message.start().seconds(), 100);
  EXPECT_EQ(message.bytes_received(), 1);
  EXPECT_EQ(message.bytes_sent(), 2);
  EXPECT_EQ(message.tls_version(), "TLSv1.3");
  EXPECT_EQ(message.tls_server_name(), "proxy.example.com");
}

TEST(RuntimeMessagesTest, AFilterBecomesAQuery) {
  v1::ConnectionFilter filter;
  filter.set_listener("web");
  filter.set_user("alice");
  filter.set_source("2001:db8::1");
  filter.set_destination("example");
  filter.set_phase("tunnel");
  FieldError error;
  const auto query = FromMessage(filter, error);
  ASSERT_TRUE(query) << error.message;
  EXPECT_EQ(query->listener, "web");
  EXPECT_EQ(query->user, "alice");
  EXPECT_EQ(query->source, "2001:db8::1");
  EXPECT_EQ(query->destination, "example");
  EXPECT_EQ(query->phase, "tunnel");
}

TEST(RuntimeMessagesTest, AFilterThatNothingCouldMatchIsRefused) {
  v1::ConnectionFilter filter;
  filter.set_source("192.0.2.0/24");
  EXPECT_EQ(FaultOf(filter), "filter.source");
  filter.set_source("unix:");
  filter.set_phase("sleeping");
  EXPECT_EQ(FaultOf(filter), "filter.phase");
}

TEST(RuntimeMessagesTest, AnIntervalHasADefaultAndBounds) {
  FieldError error;
  EXPECT_EQ(IntervalOf(false, {}, error), seconds(1));
  EXPECT_EQ(IntervalOf(true, Seconds(0, 100'000'000), error), milliseconds(100));
  EXPECT_EQ(IntervalOf(true, Seconds(int64_t{1} << 60), error), hours(24));
  EXPECT_FALSE(IntervalOf(true, Seconds(0, 99'999'999), error));
  EXPECT_EQ(error.path, "interval");
  EXPECT_FALSE(IntervalOf(true, Seconds(-1), error));
}

}  // namespace
}  // namespace culvert::admin
