// Why a request was not let pass, and what its client is told. Pure functions; any thread.
#ifndef CULVERT_EXTENSIONS_AUTH_DENIAL_H_
#define CULVERT_EXTENSIONS_AUTH_DENIAL_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "source/base/failure.h"
#include "source/http/exchange.h"

namespace culvert::extensions::auth {

enum class Denial : uint8_t {
  kMissing,     // no credentials
  kMalformed,   // none of the Basic scheme
  kRepeated,    // more than one field of them
  kWrong,       // no such user, or not this password: nobody is told which
  kOverloaded,  // not checked: too many passwords are being checked
  kTimedOut,    // not checked in time
  kFailed,      // not checked: the hashing library failed
};

inline constexpr std::array kDenials = {Denial::kMissing, Denial::kMalformed,  Denial::kRepeated,
                                        Denial::kWrong,   Denial::kOverloaded, Denial::kTimedOut,
                                        Denial::kFailed};

// `credentials_missing`, `credentials_wrong`, ...
std::string_view ToToken(Denial denial);

Failure FailureOf(Denial denial);

// 407 to who asked a proxy, else 401, each with `challenge`; 400 and 503 where another password
// would not help.
culvert::http::Response MakeAnswer(Denial denial, bool is_proxy_request,
                                   std::string_view challenge);

}  // namespace culvert::extensions::auth

#endif  // CULVERT_EXTENSIONS_AUTH_DENIAL_H_
