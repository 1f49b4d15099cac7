// Why a connection, request or tunnel did not go well: one value that feeds the access log, the
// counters and the Proxy-Status field. Failures of peers are expected, so they are values.
#ifndef CULVERT_SOURCE_BASE_FAILURE_H_
#define CULVERT_SOURCE_BASE_FAILURE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace culvert {

// Whose doing it was.
enum class Side : uint8_t { kDownstream, kUpstream, kLocal };

// How far things had come.
enum class Stage : uint8_t {
  kAccept,
  kChainMatch,
  kTlsHandshake,
  kRequestHead,
  kRequestBody,
  kAuthentication,
  kPolicy,
  kResolve,
  kConnect,
  kTunnel,
};

struct Failure {
  Side side = Side::kLocal;
  Stage stage = Stage::kAccept;
  // A short token that programs compare and counters carry: `connect_refused`, `idle_timeout`. A
  // constant.
  std::string_view reason;
  // In words, for people who read the log. Must not hold a secret.
  std::string details = {};
  // Trying again may succeed and does no harm: no byte of the client's has been taken.
  bool retryable = false;
};

std::string_view ToToken(Side side);
std::string_view ToToken(Stage stage);

}  // namespace culvert

#endif  // CULVERT_SOURCE_BASE_FAILURE_H_
