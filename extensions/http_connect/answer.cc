#include "extensions/http_connect/answer.h"

#include <algorithm>
#include <iterator>

namespace culvert::extensions::http_connect {

using culvert::http::ProxyError;
using culvert::http::Response;

namespace {

struct Row {
  std::string_view reason;
  Answer answer;
};

constexpr Row kAnswers[] = {
    {kDestinationMalformed,
     {400, ProxyError::kHttpRequestError,
      "CONNECT needs a host name, an IPv4 address or a bracketed IPv6 address, then a colon and a "
      "port"}},
    {kPolicyDenied,
     {403, ProxyError::kHttpRequestDenied,
      "this proxy does not allow this destination; ask its operator for it"}},
    {kAddressDenied,
     {403, ProxyError::kDestinationIpProhibited,
      "this proxy does not connect to the address of this destination; ask its operator for it"}},
    {"dns_not_found",
     {502, ProxyError::kDnsError, "the host name has no address; check its spelling"}},
    {"dns_error",
     {502, ProxyError::kDnsError, "the host name could not be resolved; try again later"}},
    {"connect_refused",
     {502, ProxyError::kConnectionRefused,
      "the destination refused the connection; check the port"}},
    {"connect_unreachable",
     {502, ProxyError::kDestinationIpUnroutable,
      "this proxy has no route to the destination; try again later"}},
    {"connect_failed",
     {502, ProxyError::kConnectionTerminated,
      "the destination broke the connection off; try again later"}},
    {kDraining,
     {503, ProxyError::kProxyInternalResponse, "this proxy is going away; connect to it again"}},
    {"dns_overloaded",
     {503, ProxyError::kProxyInternalError,
      "this proxy is resolving too many host names; try again soon"}},
    {"out_of_resources",
     {503, ProxyError::kProxyInternalError, "this proxy has too many connections; try again soon"}},
    {"dns_timeout",
     {504, ProxyError::kDnsTimeout, "the host name was not resolved in time; try again later"}},
    {"connect_timeout",
     {504, ProxyError::kConnectionTimeout,
      "the destination did not answer in time; check the port, or try again later"}},
};

constexpr Answer kOther = {502, ProxyError::kDestinationUnavailable,
                           "the destination could not be reached; try again later"};

}  // namespace

Answer AnswerTo(const Failure& failure) {
  const auto* row = std::ranges::find(kAnswers, failure.reason, &Row::reason);
  return row == std::end(kAnswers) ? kOther : row->answer;
}

Response MakeResponse(const Answer& answer) {
  Response response = culvert::http::ErrorResponse(answer.status, answer.text, answer.error);
  if (answer.status == 503) response.headers.Add("Retry-After", "1");
  return response;
}

}  // namespace culvert::extensions::http_connect
