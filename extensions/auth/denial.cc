#include "extensions/auth/denial.h"

#include "source/http/proxy_status.h"

namespace culvert::extensions::auth {

using culvert::http::ErrorResponse;
using culvert::http::ProxyError;
using culvert::http::Response;

namespace {

Response Challenge(std::string_view line, bool is_proxy_request, std::string_view challenge) {
  Response response =
      ErrorResponse(is_proxy_request ? 407 : 401, line, ProxyError::kHttpRequestDenied);
  response.headers.Add(is_proxy_request ? "Proxy-Authenticate" : "WWW-Authenticate", challenge);
  return response;
}

Response Unavailable() {
  Response response = ErrorResponse(503, "the password could not be checked now; try again soon",
                                    ProxyError::kProxyInternalError);
  response.headers.Add("Retry-After", "1");
  return response;
}

}  // namespace

std::string_view ToToken(Denial denial) {
  switch (denial) {
    case Denial::kMissing:
      return "credentials_missing";
    case Denial::kMalformed:
      return "credentials_malformed";
    case Denial::kRepeated:
      return "credentials_repeated";
    case Denial::kWrong:
      return "credentials_wrong";
    case Denial::kOverloaded:
      return "verifier_overloaded";
    case Denial::kTimedOut:
      return "verifier_timeout";
    case Denial::kFailed:
      break;
  }
  return "verifier_failed";
}

Failure FailureOf(Denial denial) {
  const bool ours = denial >= Denial::kOverloaded;
  return {ours ? Side::kLocal : Side::kDownstream, Stage::kAuthentication, ToToken(denial)};
}

Response MakeAnswer(Denial denial, bool is_proxy_request, std::string_view challenge) {
  switch (denial) {
    case Denial::kMissing:
      return Challenge("a user name and password are needed", is_proxy_request, challenge);
    case Denial::kMalformed:
      return Challenge(
          "the credentials are not those of the Basic scheme; send a user name and password",
          is_proxy_request, challenge);
    case Denial::kWrong:
      return Challenge("the user name or the password is wrong; check both", is_proxy_request,
                       challenge);
    case Denial::kRepeated:
      return ErrorResponse(400, "there are several fields of credentials; send one",
                           ProxyError::kHttpRequestError);
    default:
      return Unavailable();
  }
}

}  // namespace culvert::extensions::auth
