#include <gtest/gtest.h>

#include "api/culvert/extensions/metrics/v1/metrics.pb.h"
#include "extensions/metrics/factory.h"
#include "test/fakes/filter_fixture.h"

namespace culvert::extensions::metrics {
namespace {

using fakes::FakeExchange;
using filter::HttpFilter;
using filter::HttpVerdict;

class MetricsTest : public fakes::FilterFixture {
 protected:
  std::shared_ptr<const HttpFilter> BuildFor(const std::string& path) {
    v1::Metrics config;
    config.set_path(path);
    return Build<HttpFilter>(*factory_, config);
  }
  // Whether the filter leaves the request to the next one, having said nothing.
  void ExpectNext(const HttpFilter& filter, std::string_view head) {
    const FakeExchange& exchange = Ask(filter, head);
    EXPECT_EQ(verdict(), HttpVerdict::kNext) << head;
    EXPECT_EQ(exchange.status(), 0) << head;
    EXPECT_FALSE(connection().ended()) << head;
  }

  const filter::FilterFactoryPtr factory_ = MakeMetricsFactory();
};

TEST_F(MetricsTest, AnswersGetWithAllMetricsOfTheProcess) {
  stats_.GetCounter("culvert_test_total", {{"listener", "test"}}, "A counter.").Add(1, 3);
  const auto filter = BuildFor("");
  const FakeExchange& exchange = Ask(*filter, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(verdict(), HttpVerdict::kDone);
  EXPECT_EQ(exchange.status(), 200);
  EXPECT_EQ(exchange.Header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(exchange.response()->body,
            "# HELP culvert_test_total A counter.\n"
            "# TYPE culvert_test_total counter\n"
            "culvert_test_total{listener=\"test\"} 3\n");
  EXPECT_EQ(record().ended_by, "metrics");
  EXPECT_EQ(record().reason, "answered");
}

TEST_F(MetricsTest, EachAnswerHasTheNumbersOfItsMoment) {
  stats::Counter& counter = stats_.GetCounter("culvert_test_total", {}, "A counter.");
  const auto filter = BuildFor("");
  const auto body = [&] {
    return Ask(*filter, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").response()->body;
  };
  const std::string first = body();
  counter.Add(0);
  EXPECT_NE(body(), first);
}

TEST_F(MetricsTest, AnswersHead) {
  const auto filter = BuildFor("");
  EXPECT_EQ(Ask(*filter, "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
}

TEST_F(MetricsTest, PassesOverTheQuery) {
  const auto filter = BuildFor("");
  EXPECT_EQ(Ask(*filter, "GET /metrics?name=x HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
}

TEST_F(MetricsTest, OtherMethodsAreNotAllowed) {
  const auto filter = BuildFor("");
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "get"}) {
    const FakeExchange& exchange = Ask(*filter, method + " /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(verdict(), HttpVerdict::kDone);
    EXPECT_EQ(exchange.status(), 405);
    EXPECT_EQ(exchange.Header("Allow"), "GET, HEAD");
    EXPECT_EQ(exchange.response()->body, "metrics are read with GET\n");
    EXPECT_EQ(record().ended_by, "metrics");
    EXPECT_EQ(record().reason, "method_not_allowed");
  }
}

TEST_F(MetricsTest, OtherPathsAreNotItsOwn) {
  const auto filter = BuildFor("");
  for (const std::string path :
       {"/", "/metrics/", "/metrics/more", "/metric", "/Metrics", "//metrics", "/?/metrics"}) {
    ExpectNext(*filter, "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  ExpectNext(*filter, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST_F(MetricsTest, RequestsToAProxyAreNotItsOwn) {
  const auto filter = BuildFor("");
  ExpectNext(*filter, "GET http://a/metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  ExpectNext(*filter, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
}

TEST_F(MetricsTest, ThePathIsAChoice) {
  const auto filter = BuildFor("/stats/prometheus");
  EXPECT_EQ(Ask(*filter, "GET /stats/prometheus HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
  ExpectNext(*filter, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST_F(MetricsTest, RefusesWhatIsNoPath) {
  for (const char* path : {"metrics", "/metrics?x", "/a b", "/a#b", "*"}) {
    errors_.clear();
    EXPECT_EQ(BuildFor(path), nullptr) << path;
    EXPECT_EQ(Errors(),
              "f.path: is no path; write one that begins with '/' and has no '?', '#' or space\n")
        << path;
  }
}

TEST_F(MetricsTest, IsCalledMetrics) {
  EXPECT_EQ(factory_->name(), "metrics");
  EXPECT_EQ(factory_->kind(), filter::FilterKind::kHttp);
}

}  // namespace
}  // namespace culvert::extensions::metrics
