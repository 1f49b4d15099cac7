// Configs of tls_terminate for tests, with certificates made on the spot.
#ifndef CULVERT_TEST_EXTENSIONS_TLS_TERMINATE_CONFIG_H_
#define CULVERT_TEST_EXTENSIONS_TLS_TERMINATE_CONFIG_H_

#include <vector>

#include "api/culvert/extensions/tls_terminate/v1/tls_terminate.pb.h"
#include "test/tls/test_authority.h"

namespace culvert::extensions::tls_terminate {

inline const tls::TestAuthority& Authority() {
  static const tls::TestAuthority authority("authority");
  return authority;
}

inline void AddCertificate(const tls::Issued& issued, v1::TlsTerminate& config) {
  v1::Certificate& certificate = *config.add_certificates();
  certificate.mutable_certificate_chain()->set_inline_string(issued.certificate_pem);
  certificate.mutable_private_key()->set_inline_string(issued.key_pem);
}

inline v1::TlsTerminate ConfigOf(const std::vector<tls::Issued>& certificates) {
  v1::TlsTerminate config;
  for (const tls::Issued& issued : certificates) AddCertificate(issued, config);
  return config;
}

}  // namespace culvert::extensions::tls_terminate

#endif  // CULVERT_TEST_EXTENSIONS_TLS_TERMINATE_CONFIG_H_
