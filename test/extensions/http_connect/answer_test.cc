#include "extensions/http_connect/answer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace culvert::extensions::http_connect {
namespace {

using culvert::http::Response;

Response AnswerFor(std::string_view reason, std::string details = "") {
  return MakeResponse(AnswerTo({Side::kUpstream, Stage::kConnect, reason, std::move(details)}));
}

std::string ProxyStatusOf(const Response& response) {
  return std::string(response.headers.Find("Proxy-Status").value_or(""));
}

TEST(AnswerTest, EachReasonHasItsStatusAndErrorType) {
  struct Case {
    std::string_view reason;
    int status;
    std::string_view error;
  };
  const std::vector<Case> cases = {
      {kDestinationMalformed, 400, "http_request_error"},
      {kPolicyDenied, 403, "http_request_denied"},
      {kAddressDenied, 403, "destination_ip_prohibited"},
      {"dns_not_found", 502, "dns_error"},
      {"dns_error", 502, "dns_error"},
      {"connect_refused", 502, "connection_refused"},
      {"connect_unreachable", 502, "destination_ip_unroutable"},
      {"connect_failed", 502, "connection_terminated"},
      {kDraining, 503, "proxy_internal_response"},
      {"dns_overloaded", 503, "proxy_internal_error"},
      {"out_of_resources", 503, "proxy_internal_error"},
      {"dns_timeout", 504, "dns_timeout"},
      {"connect_timeout", 504, "connection_timeout"},
      {"something_new", 502, "destination_unavailable"},
  };
  for (const Case& expected : cases) {
    const Response response = AnswerFor(expected.reason);
    EXPECT_EQ(response.status, expected.status) << expected.reason;
    EXPECT_EQ(ProxyStatusOf(response), "culvert; error=" + std::string(expected.error));
  }
}

TEST(AnswerTest, BodyIsOneLineThatSaysWhatToDo) {
  const Response response = AnswerFor("connect_refused");
  EXPECT_EQ(response.body, "the destination refused the connection; check the port\n");
  EXPECT_EQ(response.headers.Find("Content-Type"), "text/plain; charset=utf-8");
}

TEST(AnswerTest, NeverTellsWhatTheLogIsTold) {
  const Response response = AnswerFor("connect_refused", "10.1.2.3:443 refused");
  EXPECT_EQ(response.body.find("10.1.2.3"), std::string::npos);
  EXPECT_EQ(ProxyStatusOf(response).find("10.1.2.3"), std::string::npos);
}

TEST(AnswerTest, SaysWhenToComeBackWhereThatHelps) {
  EXPECT_EQ(AnswerFor("out_of_resources").headers.Find("Retry-After"), "1");
  EXPECT_EQ(AnswerFor("connect_refused").headers.Find("Retry-After"), std::nullopt);
}

}  // namespace
}  // namespace culvert::extensions::http_connect
