// Why a TLS handshake failed, sorted by whom it concerns: what BoringSSL's error queue says, in few
// kinds. A value.
#ifndef CULVERT_SOURCE_TLS_HANDSHAKE_FAILURE_H_
#define CULVERT_SOURCE_TLS_HANDSHAKE_FAILURE_H_

#include <cstdint>
#include <string>

#include "source/tls/bssl.h"

namespace culvert::tls {

struct HandshakeFailure {
  enum class Kind : uint8_t {
    kNotTls,              // the peer speaks something else, such as plain HTTP
    kUnsupportedVersion,  // no version in common
    kNoSharedCipher,      // no cipher suite, curve or signature algorithm in common
    kNoSharedProtocol,    // ALPN (RFC 7301, 3.2)
    kNoCertificate,       // one was required of the peer
    kCertificateRefused,  // the peer's is expired, of an unknown authority, not among the allowed
                          // names, ...
    kRefusedByPeer,       // it sent an alert
    kOther,
  };
  Kind kind = Kind::kOther;
  // `no shared cipher`, `certificate has expired`.
  std::string details;
};

// Of the handshake of `ssl`, which has just failed. Empties this thread's error queue.
HandshakeFailure TakeHandshakeFailure(const SSL* ssl);

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_HANDSHAKE_FAILURE_H_
