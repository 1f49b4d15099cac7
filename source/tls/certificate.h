// Certificates and private keys as they come from files, and what is told of a certificate.
// Made on the main thread when a config is loaded; immutable. Clients' certificates: on the
// worker's.
#ifndef CULVERT_SOURCE_TLS_CERTIFICATE_H_
#define CULVERT_SOURCE_TLS_CERTIFICATE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "source/tls/bssl.h"

namespace culvert::tls {

// A certificate chain, leaf first, with the private key of the leaf.
struct KeyPair {
  std::vector<UniquePtr<X509>> chain;
  UniquePtr<EVP_PKEY> key;

  X509* leaf() const { return chain.front().get(); }
  // SSL_CURVE_SECP256R1, ..384R1 or ..521R1 of an ECDSA key; 0 of an RSA key.
  uint16_t ecdsa_curve() const;
};

// PEM with one certificate or more. Anything else between them is passed over, as all who read PEM
// do.
absl::StatusOr<std::vector<UniquePtr<X509>>> ParseCertificates(std::string_view pem);

// PEM, PKCS#8, SEC 1 or PKCS#1, not encrypted. Refuses RSA keys under 2048 bits, and kinds of keys
// other than RSA and ECDSA P-256, P-384 and P-521.
absl::StatusOr<UniquePtr<EVP_PKEY>> ParsePrivateKey(std::string_view pem);

// Refuses a key that is not the leaf's. `chain` is not empty.
absl::StatusOr<KeyPair> MakeKeyPair(std::vector<UniquePtr<X509>> chain, UniquePtr<EVP_PKEY> key);

// `expired at 2026-01-31 12:00:00 UTC` or `is not valid before ...`; nothing while the certificate
// is valid.
std::optional<std::string> ValidityProblem(X509* certificate,
                                           std::chrono::system_clock::time_point now);

// `CN=alice,O=Example` (RFC 2253).
std::string SubjectOf(X509* certificate);
std::string IssuerOf(X509* certificate);

// When it is valid, both ends included.
struct Validity {
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;
};
Validity ValidityOf(X509* certificate);

// In hexadecimal, lower-case, as are fingerprints.
std::string SerialNumberOf(X509* certificate);
// SHA-256 of the certificate.
std::string FingerprintOf(X509* certificate);
// `RSA 2048`, `ECDSA P-256`; of other kinds the name that OpenSSL has for them.
std::string KeyKindOf(X509* certificate);

// Subject alternative names by kind.
struct AlternativeNames {
  std::vector<std::string> dns = {};  // lower-case
  std::vector<std::string> ip = {};   // as net::IpAddress prints them
  std::vector<std::string> uri = {};
  std::vector<std::string> email = {};

  // All of them, in that order.
  std::vector<std::string> All() const;
};
AlternativeNames AlternativeNamesOf(X509* certificate);

// The host names that the certificate is for: its DNS names, or its common name if it has none.
std::vector<std::string> ServerNamesOf(X509* certificate);

// Whether `name` is covered by `pattern`: equal, or `*.example.com` for exactly one label below
// (RFC 6125, 6.4.3).
bool MatchesServerName(std::string_view pattern, std::string_view name);

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_CERTIFICATE_H_
