#include "source/stats/prometheus.h"

#include <gtest/gtest.h>

#include <vector>

#include "source/stats/registry.h"
#include "test/stats/prometheus_parser.h"

namespace culvert::stats {
namespace {

TEST(PrometheusTest, AnEmptySnapshotIsAnEmptyText) { EXPECT_EQ(FormatPrometheus({}), ""); }

TEST(PrometheusTest, WritesEachKindAsTheFormatWantsIt) {
  Registry registry(2);
  registry.GetGauge("culvert_listener_open_connections", {}, "Connections now.").Sub(0, 3);
  const char* accepted = "Connections taken.";
  registry.GetCounter("culvert_listener_accepted_total", {{"listener", "b"}}, accepted).Add(1, 7);
  registry.GetCounter("culvert_listener_accepted_total", {{"listener", "a"}}, accepted);
  Histogram& histogram = registry.GetHistogram("culvert_dns_lookup_seconds", {{"result", "ok"}},
                                               "Time of look-ups.", std::vector{0.001, 0.5, 10.0});
  histogram.Observe(0, 0.0005);
  histogram.Observe(1, 0.25);
  histogram.ObserveShared(0.5);
  histogram.ObserveShared(99);
  EXPECT_EQ(FormatPrometheus(registry.Read()),
            R"(# HELP culvert_dns_lookup_seconds Time of look-ups.
# TYPE culvert_dns_lookup_seconds histogram
culvert_dns_lookup_seconds_bucket{result="ok",le="0.001"} 1
culvert_dns_lookup_seconds_bucket{result="ok",le="0.5"} 3
culvert_dns_lookup_seconds_bucket{result="ok",le="10"} 3
culvert_dns_lookup_seconds_bucket{result="ok",le="+Inf"} 4
culvert_dns_lookup_seconds_sum{result="ok"} 99.7505
culvert_dns_lookup_seconds_count{result="ok"} 4
# HELP culvert_listener_accepted_total Connections taken.
# TYPE culvert_listener_accepted_total counter
culvert_listener_accepted_total{listener="a"} 0
culvert_listener_accepted_total{listener="b"} 7
# HELP culvert_listener_open_connections Connections now.
# TYPE culvert_listener_open_connections gauge
culvert_listener_open_connections -3
)");
}

TEST(PrometheusTest, EscapesHelpAndLabelValues) {
  Registry registry(1);
  registry.GetGauge("culvert_a_b", {{"x", "say \"hi\"\\\nnow"}}, "A \"b\" \\ c\nd");
  EXPECT_EQ(FormatPrometheus(registry.Read()),
            "# HELP culvert_a_b A \"b\" \\\\ c\\nd\n"
            "# TYPE culvert_a_b gauge\n"
            "culvert_a_b{x=\"say \\\"hi\\\"\\\\\\nnow\"} 0\n");
}

TEST(PrometheusTest, LargeNumbersKeepEveryDigit) {
  Registry registry(1);
  registry.GetCounter("culvert_a_bytes_total", {}, "Help.").Add(0, 18446744073709551615u);
  registry.GetHistogram("culvert_a_size_bytes", {}, "Help.", SizeBuckets());
  const std::string text = FormatPrometheus(registry.Read());
  EXPECT_NE(text.find("culvert_a_bytes_total 18446744073709551615\n"), text.npos);
  EXPECT_NE(text.find("{le=\"1073741824\"} 0\n"), text.npos) << text;
}

TEST(PrometheusTest, AStrictParserReadsBackEveryValue) {
  Registry registry(3);
  registry.GetCounter("culvert_a_b_total", {{"x", "q\"\\\n,}={"}}, "Help \\ me\n.").Add(2, 5);
  registry.GetGauge("culvert_c_d", {}, "Help.").Sub(1, 9);
  for (const char* result : {"ok", "failed"}) {
    Histogram& histogram = registry.GetHistogram("culvert_e_f_seconds", {{"result", result}},
                                                 "Help.", LatencyBuckets());
    histogram.Observe(0, 0.00051);
    histogram.Observe(1, 1e-7);
    histogram.Observe(2, 3600);
  }
  registry.GetHistogram("culvert_g_h_bytes", {}, "Help.", SizeBuckets()).Observe(0, 1e15);

  const ParsedMetrics parsed = ParsePrometheus(FormatPrometheus(registry.Read()));
  ASSERT_FALSE(parsed.error) << *parsed.error;
  EXPECT_EQ(parsed.families.size(), 4);
  EXPECT_EQ(parsed.families.at("culvert_a_b_total").help, "Help \\ me\n.");
  EXPECT_EQ(parsed.families.at("culvert_e_f_seconds").type, "histogram");
  EXPECT_EQ(parsed.samples.at("culvert_a_b_total{x=q\"\\\n,}={}"), 5);
  EXPECT_EQ(parsed.samples.at("culvert_c_d"), -9);
  EXPECT_EQ(parsed.samples.at("culvert_e_f_seconds_bucket{result=ok,le=0.0005}"), 1);
  EXPECT_EQ(parsed.samples.at("culvert_e_f_seconds_bucket{result=ok,le=0.001}"), 2);
  EXPECT_EQ(parsed.samples.at("culvert_e_f_seconds_count{result=failed}"), 3);
  EXPECT_DOUBLE_EQ(parsed.samples.at("culvert_g_h_bytes_sum"), 1e15);
}

// The parser above proves something only if it refuses what is wrong.
TEST(PrometheusParserTest, RefusesMalformedText) {
  const std::string head = "# HELP a H.\n# TYPE a ";
  for (const std::string& text : {
           head + "gauge\na 1",               // no newline at the end
           head + "gauge\na 1\na 2\n",        // one series twice
           head + "gauge\n# HELP a H.\n",     // HELP twice
           head + "gauge\nb 1\n",             // another family
           head + "gauge\na{x=1} 1\n",        // no quotes
           head + "gauge\na{x=\"\\t\"} 1\n",  // unknown escape
           head + "gauge\na{x=\"1\"}1\n",     // no space
           head + "gauge\na inf\n",           // not the format's infinity
           head + "counter\na -1\n",          // negative counter
           head + "histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n",
           head + "histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
           head + "histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
           std::string("a 1\n"),
       }) {
    EXPECT_TRUE(ParsePrometheus(text).error) << text;
  }
}

}  // namespace
}  // namespace culvert::stats
