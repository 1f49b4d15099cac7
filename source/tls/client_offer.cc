#include "source/tls/client_offer.h"

#include <openssl/bytestring.h>

#include <algorithm>
#include <cctype>

namespace culvert::tls {
namespace {

uint16_t SignatureOf(uint16_t curve) {
  switch (curve) {
    case SSL_CURVE_SECP384R1:
      return SSL_SIGN_ECDSA_SECP384R1_SHA384;
    case SSL_CURVE_SECP521R1:
      return SSL_SIGN_ECDSA_SECP521R1_SHA512;
    default:
      return SSL_SIGN_ECDSA_SECP256R1_SHA256;
  }
}

bool FindExtension(const SSL_CLIENT_HELLO* hello, uint16_t type, CBS& content) {
  const uint8_t* data = nullptr;
  size_t size = 0;
  if (!SSL_early_callback_ctx_extension_get(hello, type, &data, &size)) return false;
  CBS_init(&content, data, size);
  return true;
}

bool Has(CBS list, uint16_t value) {
  uint16_t element;
  while (CBS_get_u16(&list, &element)) {
    if (element == value) return true;
  }
  return false;
}

}  // namespace

std::string ClientOffer::ServerName() const {
  CBS extension, list, name;
  uint8_t type;
  if (!FindExtension(hello_, TLSEXT_TYPE_server_name, extension) ||
      !CBS_get_u16_length_prefixed(&extension, &list) || !CBS_get_u8(&list, &type) ||
      type != TLSEXT_NAMETYPE_host_name || !CBS_get_u16_length_prefixed(&list, &name)) {
    return "";
  }
  std::string text(reinterpret_cast<const char*>(CBS_data(&name)), CBS_len(&name));
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  if (text.ends_with('.')) text.pop_back();
  return text;
}

bool ClientOffer::HasExtension(uint16_t extension) const {
  CBS content;
  return FindExtension(hello_, extension, content);
}

bool ClientOffer::ListHas(uint16_t extension, uint16_t value) const {
  CBS content, list;
  return FindExtension(hello_, extension, content) &&
         CBS_get_u16_length_prefixed(&content, &list) && Has(list, value);
}

bool ClientOffer::OffersTls13() const {
  CBS content, list;
  return FindExtension(hello_, TLSEXT_TYPE_supported_versions, content) &&
         CBS_get_u8_length_prefixed(&content, &list) && Has(list, TLS1_3_VERSION);
}

bool ClientOffer::OffersEcdsaSuiteOf(const SSL_CTX* context) const {
  CBS offered;
  CBS_init(&offered, hello_->cipher_suites, hello_->cipher_suites_len);
  for (const SSL_CIPHER* suite : SSL_CTX_get_ciphers(context)) {
    if (SSL_CIPHER_get_auth_nid(suite) == NID_auth_ecdsa &&
        Has(offered, SSL_CIPHER_get_protocol_id(suite))) {
      return true;
    }
  }
  return false;
}

bool ClientOffer::TakesEcdsa(uint16_t curve, const SSL_CTX* context) const {
  if (OffersTls13() && SSL_CTX_get_max_proto_version(context) >= TLS1_3_VERSION) {
    return ListHas(TLSEXT_TYPE_signature_algorithms, SignatureOf(curve));
  }
  const bool verifies = std::ranges::any_of(
      std::initializer_list<uint16_t>{SSL_SIGN_ECDSA_SECP256R1_SHA256,
                                      SSL_SIGN_ECDSA_SECP384R1_SHA384,
                                      SSL_SIGN_ECDSA_SECP521R1_SHA512},
      [this](uint16_t algorithm) { return ListHas(TLSEXT_TYPE_signature_algorithms, algorithm); });
  const bool knows_curve =
      !HasExtension(TLSEXT_TYPE_supported_groups) || ListHas(TLSEXT_TYPE_supported_groups, curve);
  return verifies && knows_curve && OffersEcdsaSuiteOf(context);
}

}  // namespace culvert::tls
