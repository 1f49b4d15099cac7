// What is told of a certificate that a config uses: for lists of them, and to see in time that one
// is about to expire. A plain value; any thread.
#ifndef CULVERT_SOURCE_FILTER_CERTIFICATE_FACTS_H_
#define CULVERT_SOURCE_FILTER_CERTIFICATE_FACTS_H_

#include <chrono>
#include <string>
#include <vector>

namespace culvert::filter {

struct CertificateFacts {
  // Where its listener's config has it: `filters[0].tls_terminate.certificates[0]`. Set by
  // BuildContext::NoteCertificate().
  std::string path = {};
  std::string subject = {};  // `CN=alice,O=Example` (RFC 2253), as is the issuer
  std::string issuer = {};
  // DNS names, IP addresses, URIs and e-mail addresses, in that order.
  std::vector<std::string> alternative_names = {};
  std::chrono::system_clock::time_point not_before = {};
  std::chrono::system_clock::time_point not_after = {};
  std::string serial_number = {};  // hexadecimal
  std::string fingerprint = {};    // SHA-256 of the certificate, hexadecimal
  std::string key = {};            // `RSA 2048`, `ECDSA P-256`
  // The file that it was read from; empty if it stands in the config or the environment.
  std::string file = {};

  friend bool operator==(const CertificateFacts&, const CertificateFacts&) = default;
};

}  // namespace culvert::filter

#endif  // CULVERT_SOURCE_FILTER_CERTIFICATE_FACTS_H_
