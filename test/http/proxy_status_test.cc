#include "source/http/proxy_status.h"

#include <gtest/gtest.h>

#include <set>

#include "source/http/syntax.h"

namespace culvert::http {
namespace {

using namespace std::string_view_literals;

TEST(ProxyStatusTest, WritesAllParts) {
  const ProxyStatus status{.error = ProxyError::kConnectionRefused,
                           .details = "port closed",
                           .next_hop = "192.0.2.1:443"};
  EXPECT_EQ(status.Serialize(),
            "culvert; error=connection_refused; details=\"port closed\"; "
            "next-hop=\"192.0.2.1:443\"");
}

TEST(ProxyStatusTest, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(ProxyStatus{}.Serialize(), "culvert");
  EXPECT_EQ(ProxyStatus{.error = ProxyError::kDnsError}.Serialize(), "culvert; error=dns_error");
}

TEST(ProxyStatusTest, EscapesStrings) {
  const ProxyStatus status{.details = "say \"a\\b\""};
  EXPECT_EQ(status.Serialize(), R"(culvert; details="say \"a\\b\"")");
}

TEST(ProxyStatusTest, ReplacesBytesThatAStringMayNotHold) {
  const ProxyStatus status{.details = "a\r\nb\0c\x7f\xc3\xa9"sv};
  EXPECT_EQ(status.Serialize(), "culvert; details=\"a??b?c???\"");
}

TEST(ProxyStatusTest, QuotesAProxyNameThatIsNoToken) {
  EXPECT_EQ(ProxyStatus{.proxy = "edge-1.example"}.Serialize(), "edge-1.example");
  EXPECT_EQ(ProxyStatus{.proxy = "edge 1"}.Serialize(), "\"edge 1\"");
  EXPECT_EQ(ProxyStatus{.proxy = "1edge"}.Serialize(), "\"1edge\"");
}

TEST(ProxyStatusTest, NamesErrorsAsTheRfcDoes) {
  EXPECT_EQ(ProxyErrorName(ProxyError::kDnsTimeout), "dns_timeout");
  EXPECT_EQ(ProxyErrorName(ProxyError::kDestinationUnavailable), "destination_unavailable");
  EXPECT_EQ(ProxyErrorName(ProxyError::kDestinationIpProhibited), "destination_ip_prohibited");
  EXPECT_EQ(ProxyErrorName(ProxyError::kConnectionTerminated), "connection_terminated");
  EXPECT_EQ(ProxyErrorName(ProxyError::kConnectionTimeout), "connection_timeout");
  EXPECT_EQ(ProxyErrorName(ProxyError::kConnectionLimitReached), "connection_limit_reached");
  EXPECT_EQ(ProxyErrorName(ProxyError::kTlsProtocolError), "tls_protocol_error");
  EXPECT_EQ(ProxyErrorName(ProxyError::kHttpRequestError), "http_request_error");
  EXPECT_EQ(ProxyErrorName(ProxyError::kHttpRequestDenied), "http_request_denied");
  EXPECT_EQ(ProxyErrorName(ProxyError::kHttpUpgradeFailed), "http_upgrade_failed");
  EXPECT_EQ(ProxyErrorName(ProxyError::kProxyInternalError), "proxy_internal_error");
  EXPECT_EQ(ProxyErrorName(ProxyError::kProxyLoopDetected), "proxy_loop_detected");
}

TEST(ProxyStatusTest, NamesEachErrorOnceAsAToken) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ProxyError::kProxyLoopDetected); ++i) {
    const std::string_view name = ProxyErrorName(static_cast<ProxyError>(i));
    EXPECT_TRUE(IsToken(name));
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

}  // namespace
}  // namespace culvert::http
