// What a client of CONNECT is told when it gets no tunnel. The words are for people, and say
// nothing that the client did not name itself: no address that a name has led to. Pure functions;
// any thread.
#ifndef CULVERT_EXTENSIONS_HTTP_CONNECT_ANSWER_H_
#define CULVERT_EXTENSIONS_HTTP_CONNECT_ANSWER_H_

#include <string_view>

#include "source/base/failure.h"
#include "source/http/exchange.h"
#include "source/http/proxy_status.h"

namespace culvert::extensions::http_connect {

// The reasons that are this filter's own; the others come from the dialer.
inline constexpr std::string_view kDestinationMalformed = "destination_malformed";
inline constexpr std::string_view kDraining = "draining";
// A rule of the policy, or its default, refuses the destination...
inline constexpr std::string_view kPolicyDenied = "policy_denied";
// ...or its address, or every address that its name has.
inline constexpr std::string_view kAddressDenied = "address_denied";

struct Answer {
  int status = 502;
  // RFC 9209, 2.3.
  culvert::http::ProxyError error = culvert::http::ProxyError::kDestinationUnavailable;
  // One line: what is wrong, then what to do.
  std::string_view text;
};

// By the reason of the failure.
Answer AnswerTo(const Failure& failure);

culvert::http::Response MakeResponse(const Answer& answer);

}  // namespace culvert::extensions::http_connect

#endif  // CULVERT_EXTENSIONS_HTTP_CONNECT_ANSWER_H_
