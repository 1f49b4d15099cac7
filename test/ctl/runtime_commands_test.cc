#include <gtest/gtest.h>

#include <chrono>
#include <limits>

#include "test/ctl/ctl_fixture.h"

namespace culvert::ctl {
namespace {

google::protobuf::Timestamp InSeconds(int64_t seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(std::chrono::duration_cast<std::chrono::seconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count() +
                   seconds);
  return time;
}

using CtlRuntimeCommandsTest = CtlFixture;

TEST_F(CtlRuntimeCommandsTest, GetPrintsTheYamlAsItIsIntoAPipe) {
  answers().get.set_yaml("listeners:\n- name: \"\x1b\"\n");
  EXPECT_EQ(Ctl({"get", "7"}), 0);
  EXPECT_EQ(requests().get.version(), 7);
  EXPECT_EQ(out(), answers().get.yaml());
  UseTerminal(80, 24);
  EXPECT_EQ(Ctl({"get"}), 0);
  EXPECT_EQ(requests().get.version(), 0);
  EXPECT_EQ(out(), "listeners:\n- name: \"\\u001b\"\n") << "nothing of it moves the cursor";
}

TEST_F(CtlRuntimeCommandsTest, GetAsJsonHasTheNamesOfTheSchemaAndNoEmptyFields) {
  answers().get.mutable_version()->set_number(7);
  answers().get.mutable_config()->mutable_process()->set_state_directory("/var/lib/culvert");
  EXPECT_EQ(Ctl({"get", "--output", "json"}), 0);
  EXPECT_NE(out().find("\"state_directory\": \"/var/lib/culvert\""), std::string::npos) << out();
  EXPECT_EQ(out().find("access_log"), std::string::npos) << out();
}

TEST_F(CtlRuntimeCommandsTest, GetAsJsonFallsBackToTheYamlOfFiltersThatItDoesNotKnow) {
  auto* any =
      answers().get.mutable_config()->add_listeners()->add_filters()->mutable_typed_config();
  any->set_type_url("type.googleapis.com/culvert.extensions.from_the_future.v1.FromTheFuture");
  any->set_value("\x08\x01");
  answers().get.set_yaml("the yaml");
  EXPECT_EQ(Ctl({"get", "--output", "json"}), 0);
  EXPECT_EQ(out(), "{\n \"yaml\": \"the yaml\"\n}\n");
  EXPECT_NE(err().find("does not know"), std::string::npos);
}

TEST_F(CtlRuntimeCommandsTest, HistoryMarksTheRunningVersion) {
  answers().history.set_running_version(12);
  auto* newest = answers().history.add_versions();
  newest->set_number(12);
  newest->mutable_applied()->set_seconds(1'769'860'800);
  newest->set_author("uid 0");
  newest->set_origin("api");
  newest->set_label("CHG-1");
  newest->set_checksum("0123456789abcdef0123456789abcdef");
  auto* first = answers().history.add_versions();
  first->set_number(3);
  first->set_origin("file /etc/culvert/proxy.yaml");
  EXPECT_EQ(Ctl({"history"}), 0);
  EXPECT_EQ(
      out(),
      "VERSION  APPLIED (UTC)        AUTHOR  ORIGIN                        LABEL  CHECKSUM\n"
      "   * 12  2026-01-31 12:00:00  uid 0   api                           CHG-1  0123456789ab\n"
      "      3  1970-01-01 00:00:00  -       file /etc/culvert/proxy.yaml  -      -\n");
}

TEST_F(CtlRuntimeCommandsTest, WatchPrintsEachVersionOnce) {
  for (const uint64_t number : {12, 12, 13}) {
    auto* version = &answers().versions.emplace_back();
    version->set_number(number);
    version->set_origin("api");
    version->set_author("uid 0");
    version->set_label("why\n");
  }
  EXPECT_EQ(Ctl({"watch", "--count", "2"}), 0) << err();
  EXPECT_EQ(out(),
            "1970-01-01 00:00:00 version 12 by uid 0 from api: why\\n\n"
            "1970-01-01 00:00:00 version 13 by uid 0 from api: why\\n\n");
  EXPECT_EQ(Ctl({"watch", "--count", "1", "--output", "json"}), 0);
  EXPECT_EQ(LinesOf(out()).size(), 1) << "one line for each";
}

TEST_F(CtlRuntimeCommandsTest, ListenersShowWhereTheyAreBound) {
  auto* listener = answers().listeners.add_listeners();
  listener->set_name("edge");
  listener->set_address("127.0.0.1:0");
  listener->set_bound_address("127.0.0.1:40001");
  listener->set_filter_chains(2);
  listener->set_connections_active(3);
  listener->set_connections_total(10);
  listener->set_bytes_received(2048);
  listener->set_bytes_sent(5);
  EXPECT_EQ(Ctl({"listeners"}), 0);
  EXPECT_EQ(out(),
            "NAME  ADDRESS          CHAINS  ACTIVE  TOTAL      IN  OUT\n"
            "edge  127.0.0.1:40001       2       3     10  2.0KiB   5B\n");
}

TEST_F(CtlRuntimeCommandsTest, ClustersHaveALineForEachEndpoint) {
  auto* cluster = answers().clusters.add_clusters();
  cluster->set_name("redis");
  cluster->set_load_balancing("ROUND_ROBIN");
  auto* good = cluster->add_endpoints();
  good->set_address("127.0.0.1:6379");
  good->set_connections_active(1);
  good->set_connects_total(5);
  auto* bad = cluster->add_endpoints();
  bad->set_address("127.0.0.1:6380");
  bad->set_ejected(true);
  bad->set_connect_failures_total(7);
  EXPECT_EQ(Ctl({"clusters"}), 0);
  EXPECT_EQ(out(),
            "CLUSTER  ENDPOINT        STATE    ACTIVE  CONNECTS  FAILED  BALANCING\n"
            "redis    127.0.0.1:6379  ok            1         5       0  ROUND_ROBIN\n"
            "redis    127.0.0.1:6380  ejected       0         0       7  ROUND_ROBIN\n");
}

TEST_F(CtlRuntimeCommandsTest, CertificatesComeByExpiry) {
  const auto add = [&](const std::string& name, int64_t from, int64_t to) {
    auto* certificate = answers().certificates.add_certificates();
    certificate->set_listener("edge");
    certificate->add_alternative_names(name);
    *certificate->mutable_not_before() = InSeconds(from);
    *certificate->mutable_not_after() = InSeconds(to);
  };
  add("long.test", -10, 90 * 86400 + 100);
  add("future.test", 1000, 100 * 86400);
  add("gone.test", -100, -50);
  add("soon.test", -10, 3 * 86400 + 100);
  UseTerminal(80, 24, true);
  EXPECT_EQ(Ctl({"certs"}), 0);
  const auto lines = LinesOf(out());
  ASSERT_EQ(lines.size(), 5);
  EXPECT_NE(lines[1].find("\x1b[31m50s ago\x1b[0m"), std::string::npos) << lines[1];
  EXPECT_NE(lines[1].find("gone.test"), std::string::npos) << lines[1];
  EXPECT_NE(lines[2].find("\x1b[33min 3d0h\x1b[0m"), std::string::npos) << lines[2];
  EXPECT_NE(lines[3].find("  in 90d0h  "), std::string::npos) << lines[3];
  EXPECT_NE(lines[4].find("\x1b[31mnot valid yet\x1b[0m"), std::string::npos) << lines[4];
}

TEST_F(CtlRuntimeCommandsTest, JsonHasFieldsWithoutAValueToo) {
  answers().listeners.add_listeners()->set_name("edge");
  EXPECT_EQ(Ctl({"listeners", "--output", "json"}), 0);
  EXPECT_NE(out().find("\"connections_active\": \"0\""), std::string::npos) << out();
}

TEST_F(CtlRuntimeCommandsTest, StatsPrintEachKindOfMetric) {
  auto* counter = answers().stats.add_metrics();
  counter->set_name("culvert_connections_total");
  (*counter->mutable_labels())["listener"] = "edge";
  (*counter->mutable_labels())["chain"] = "a";
  counter->set_counter(7);
  auto* gauge = answers().stats.add_metrics();
  gauge->set_name("culvert_connections");
  gauge->set_gauge(-1);
  auto* histogram = answers().stats.add_metrics();
  histogram->set_name("culvert_seconds");
  const std::vector<std::pair<double, uint64_t>> buckets = {
      {0.1, 60}, {1, 39}, {std::numeric_limits<double>::infinity(), 1}};
  for (const auto& [bound, count] : buckets) {
    auto* bucket = histogram->mutable_histogram()->add_buckets();
    bucket->set_upper_bound(bound);
    bucket->set_count(count);
  }
  histogram->mutable_histogram()->set_sum(50);
  EXPECT_EQ(Ctl({"stats", "culvert"}), 0);
  EXPECT_EQ(requests().stats.filter(), "culvert");
  EXPECT_EQ(out(),
            "METRIC                                                VALUE\n"
            "culvert_connections_total{chain=\"a\",listener=\"edge\"}  7\n"
            "culvert_connections                                   -1\n"
            "culvert_seconds                                       "
            "100 values, mean 0.5, p50 <=0.1, p99 <=1\n");
}

TEST_F(CtlRuntimeCommandsTest, StatsWatchTellsTheGrowthOfASecond) {
  for (const int i : {0, 1}) {
    auto& response = answers().stats_watch.emplace_back();
    response.mutable_time()->set_seconds(1'769'860'800 + 2 * i);
    auto* metric = response.add_metrics();
    metric->set_name("culvert_connections_total");
    metric->set_counter(100 + 500 * i);
  }
  EXPECT_EQ(Ctl({"stats", "--watch", "--interval", "2s", "--count", "2"}), 0) << err();
  EXPECT_EQ(requests().watch_stats.interval().seconds(), 2);
  EXPECT_EQ(out(),
            "2026-01-31 12:00:00 UTC, 1 metric\n"
            "METRIC                     A SECOND  VALUE\n"
            "culvert_connections_total         -  100\n"
            "\n"
            "2026-01-31 12:00:02 UTC, 1 metric\n"
            "METRIC                     A SECOND  VALUE\n"
            "culvert_connections_total       250  600\n");
}

}  // namespace
}  // namespace culvert::ctl
