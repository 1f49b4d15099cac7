#include "source/tls/handshake_failure.h"

#include <openssl/err.h>

namespace culvert::tls {
namespace {

using Kind = HandshakeFailure::Kind;

Kind KindOf(int reason) {
  if (reason >= SSL_AD_REASON_OFFSET) return Kind::kRefusedByPeer;
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
      return Kind::kNotTls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return Kind::kUnsupportedVersion;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUP:
    case SSL_R_NO_COMMON_SIGNATURE_ALGORITHMS:
      return Kind::kNoSharedCipher;
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return Kind::kNoSharedProtocol;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return Kind::kNoCertificate;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return Kind::kCertificateRefused;
    default:
      return Kind::kOther;
  }
}

std::string CertificateProblem(const SSL* ssl) {
  const long result = SSL_get_verify_result(ssl);
  if (result == X509_V_ERR_APPLICATION_VERIFICATION) return "none of its names is allowed";
  return X509_verify_cert_error_string(result);
}

}  // namespace

HandshakeFailure TakeHandshakeFailure(const SSL* ssl) {
  HandshakeFailure failure;
  // What went wrong comes first; what came of it may follow.
  const uint32_t error = ERR_peek_error();
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) failure.kind = KindOf(ERR_GET_REASON(error));
  failure.details =
      failure.kind == Kind::kCertificateRefused ? CertificateProblem(ssl) : ErrorText(error);
  ERR_clear_error();
  return failure;
}

}  // namespace culvert::tls
