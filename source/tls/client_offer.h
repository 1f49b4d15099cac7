// What a ClientHello says about the certificate that the server is to show: for which name, and
// with which keys the client can verify signatures. Valid while BoringSSL's select-certificate
// callback runs.
#ifndef CULVERT_SOURCE_TLS_CLIENT_OFFER_H_
#define CULVERT_SOURCE_TLS_CLIENT_OFFER_H_

#include <cstdint>
#include <string>

#include "source/tls/bssl.h"

namespace culvert::tls {

class ClientOffer {
 public:
  explicit ClientOffer(const SSL_CLIENT_HELLO* hello) : hello_(hello) {}

  // Lower-case, without the dot of the root; empty if the client named none (RFC 6066, 3).
  std::string ServerName() const;

  // Whether a handshake with `context`, whose key is ECDSA on `curve` (SSL_CURVE_SECP256R1, ...),
  // can succeed. In TLS 1.3 the signature algorithm decides (RFC 8446, 4.2.3); in TLS 1.2 the
  // client must also have a suite and the curve (RFC 8422, 5.1).
  bool TakesEcdsa(uint16_t curve, const SSL_CTX* context) const;

 private:
  // Whether the list of 16-bit numbers in an extension has one; nothing is in an extension that is
  // not there.
  bool ListHas(uint16_t extension, uint16_t value) const;
  bool HasExtension(uint16_t extension) const;
  bool OffersTls13() const;
  bool OffersEcdsaSuiteOf(const SSL_CTX* context) const;

  const SSL_CLIENT_HELLO* hello_;
};

}  // namespace culvert::tls

#endif  // CULVERT_SOURCE_TLS_CLIENT_OFFER_H_
