#include "extensions/auth/denial.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace culvert::extensions::auth {
namespace {

using culvert::http::Response;

constexpr std::string_view kChallenge = "Basic realm=\"r\"";

std::string Field(const Response& response, std::string_view name) {
  return std::string(response.headers.Find(name).value_or(""));
}

TEST(DenialTest, ProxyRequestIsAskedWith407AndOthersWith401) {
  for (const Denial denial : {Denial::kMissing, Denial::kMalformed, Denial::kWrong}) {
    const Response proxy = MakeAnswer(denial, true, kChallenge);
    EXPECT_EQ(proxy.status, 407);
    EXPECT_EQ(Field(proxy, "Proxy-Authenticate"), kChallenge);
    EXPECT_EQ(Field(proxy, "WWW-Authenticate"), "");
    const Response other = MakeAnswer(denial, false, kChallenge);
    EXPECT_EQ(other.status, 401);
    EXPECT_EQ(Field(other, "WWW-Authenticate"), kChallenge);
    EXPECT_EQ(Field(other, "Proxy-Authenticate"), "");
    EXPECT_EQ(Field(other, "Proxy-Status"), "culvert; error=http_request_denied");
  }
}

TEST(DenialTest, SeveralCredentialsAreABadRequest) {
  const Response response = MakeAnswer(Denial::kRepeated, true, kChallenge);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Field(response, "Proxy-Status"), "culvert; error=http_request_error");
  EXPECT_EQ(Field(response, "Proxy-Authenticate"), "");
}

TEST(DenialTest, WhatCouldNotBeCheckedIsAskedForAgainLater) {
  for (const Denial denial : {Denial::kOverloaded, Denial::kTimedOut, Denial::kFailed}) {
    const Response response = MakeAnswer(denial, true, kChallenge);
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(Field(response, "Retry-After"), "1");
    EXPECT_EQ(Field(response, "Proxy-Status"), "culvert; error=proxy_internal_error");
    EXPECT_EQ(FailureOf(denial).side, Side::kLocal);
  }
}

TEST(DenialTest, EachHasATokenOfItsOwnAndOneLineOfText) {
  std::set<std::string_view> tokens;
  for (const Denial denial : kDenials) {
    tokens.insert(FailureOf(denial).reason);
    EXPECT_EQ(FailureOf(denial).stage, Stage::kAuthentication);
    const std::string body = MakeAnswer(denial, true, kChallenge).body;
    EXPECT_EQ(body.find('\n'), body.size() - 1) << body;
  }
  EXPECT_EQ(tokens.size(), kDenials.size());
}

}  // namespace
}  // namespace culvert::extensions::auth
