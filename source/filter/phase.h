// What a connection is busy with, for those who look at a running process. A byte that the filters
// of the connection store; its worker.
#ifndef CULVERT_SOURCE_FILTER_PHASE_H_
#define CULVERT_SOURCE_FILTER_PHASE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace culvert::filter {

enum class Phase : uint8_t {
  kChainMatch,    // waits for what decides on its filter chain
  kTlsHandshake,  // with the client
  kRequest,       // waits for a request, or reads it
  kAuth,          // who the client is, is being found out
  kConnect,       // a connection is being made for it
  kTunnel,        // carries bytes
  kResponse,      // an answer is being sent
};

// `chain_match`, `tls_handshake`, `request`, `auth`, `connect`, `tunnel` or `response`; a constant.
std::string_view ToString(Phase phase);
std::optional<Phase> ParsePhase(std::string_view text);

}  // namespace culvert::filter

#endif  // CULVERT_SOURCE_FILTER_PHASE_H_
