#include "source/base/failure.h"

namespace culvert {

std::string_view ToToken(Side side) {
  switch (side) {
    case Side::kDownstream:
      return "downstream";
    case Side::kUpstream:
      return "upstream";
    case Side::kLocal:
      return "local";
  }
  return "local";
}

std::string_view ToToken(Stage stage) {
  switch (stage) {
    case Stage::kAccept:
      return "accept";
    case Stage::kChainMatch:
      return "chain_match";
    case Stage::kTlsHandshake:
      return "tls_handshake";
    case Stage::kRequestHead:
      return "request_head";
    case Stage::kRequestBody:
      return "request_body";
    case Stage::kAuthentication:
      return "authentication";
    case Stage::kPolicy:
      return "policy";
    case Stage::kResolve:
      return "resolve";
    case Stage::kConnect:
      return "connect";
    case Stage::kTunnel:
      return "tunnel";
  }
  return "accept";
}

}  // namespace culvert
