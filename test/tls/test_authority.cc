#include "test/tls/test_authority.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

namespace culvert::tls {
namespace {

constexpr long kDay = 24L * 60 * 60;

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s: %s\n", what, TakeError().c_str());
  std::abort();
}

UniquePtr<EVP_PKEY> NewEcKey(int curve) {
  UniquePtr<EC_KEY> ec_key(EC_KEY_new_by_curve_name(curve));
  Require(ec_key && EC_KEY_generate_key(ec_key.get()), "EC key");
  UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  EVP_PKEY_set1_EC_KEY(key.get(), ec_key.get());
  return key;
}

UniquePtr<EVP_PKEY> NewRsaKey(int bits) {
  UniquePtr<RSA> rsa(RSA_new());
  UniquePtr<BIGNUM> exponent(BN_new());
  BN_set_word(exponent.get(), RSA_F4);
  Require(RSA_generate_key_ex(rsa.get(), bits, exponent.get(), nullptr), "RSA key");
  UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  EVP_PKEY_set1_RSA(key.get(), rsa.get());
  return key;
}

UniquePtr<EVP_PKEY> NewEd25519Key() {
  const uint8_t seed[32] = {1};
  return UniquePtr<EVP_PKEY>(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, sizeof seed));
}

UniquePtr<EVP_PKEY> NewKey(KeyType type) {
  switch (type) {
    case KeyType::kP256:
      return NewEcKey(NID_X9_62_prime256v1);
    case KeyType::kP384:
      return NewEcKey(NID_secp384r1);
    case KeyType::kP521:
      return NewEcKey(NID_secp521r1);
    case KeyType::kP224:
      return NewEcKey(NID_secp224r1);
    case KeyType::kRsa2048:
      return NewRsaKey(2048);
    case KeyType::kRsa1024:
      return NewRsaKey(1024);
    case KeyType::kEd25519:
      return NewEd25519Key();
  }
  return nullptr;
}

void SetName(X509_NAME* name, const std::string& common_name) {
  X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
                             reinterpret_cast<const uint8_t*>("Culvert tests"), -1, -1, 0);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const uint8_t*>(common_name.c_str()), -1, -1, 0);
}

void AddExtension(X509* certificate, int id, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  UniquePtr<X509_EXTENSION> extension(X509V3_EXT_nconf_nid(nullptr, &context, id, value.c_str()));
  Require(extension && X509_add_ext(certificate, extension.get(), -1), value.c_str());
}

UniquePtr<X509> NewCertificate(const std::string& common_name, EVP_PKEY* key, int days) {
  static long serial = 0;
  UniquePtr<X509> certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), std::min(-1, days - 10) * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), days * kDay);
  X509_set_pubkey(certificate.get(), key);
  SetName(X509_get_subject_name(certificate.get()), common_name);
  return certificate;
}

std::string Contents(BIO* bio) {
  const uint8_t* data = nullptr;
  size_t size = 0;
  BIO_mem_contents(bio, &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

std::string ToPem(X509* certificate) {
  UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return Contents(bio.get());
}

std::string Join(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ",") + name;
  return joined;
}

}  // namespace

std::string ToPem(EVP_PKEY* key) {
  UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return Contents(bio.get());
}

UniquePtr<EVP_PKEY> TestKey(KeyType type, int index) {
  static std::map<std::pair<KeyType, int>, UniquePtr<EVP_PKEY>> keys;
  UniquePtr<EVP_PKEY>& key = keys[{type, index}];
  if (!key) key = NewKey(type);
  return bssl::UpRef(key);
}

KeyPair Issued::Pair() const {
  auto pair =
      MakeKeyPair(ParseCertificates(certificate_pem).value(), ParsePrivateKey(key_pem).value());
  return std::move(pair).value();
}

TestAuthority::TestAuthority(const std::string& name, int key_index)
    : key_(TestKey(KeyType::kP256, key_index)),
      certificate_(NewCertificate(name, key_.get(), 100)) {
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  Require(X509_sign(certificate_.get(), key_.get(), EVP_sha256()), "signature");
  pem_ = ToPem(certificate_.get());
}

Issued TestAuthority::Issue(const CertificateRequest& request) const {
  UniquePtr<EVP_PKEY> key = TestKey(request.key, request.key_index);
  UniquePtr<X509> certificate = NewCertificate(request.common_name, key.get(), request.days);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(certificate.get(), NID_subject_alt_name, Join(request.names));
  AddExtension(certificate.get(), NID_key_usage, request.key_usage);
  AddExtension(certificate.get(), NID_ext_key_usage, request.extended_key_usage);
  Require(X509_sign(certificate.get(), key_.get(), EVP_sha256()), "signature");
  return {ToPem(certificate.get()), ToPem(key.get())};
}

std::vector<UniquePtr<X509>> TestAuthority::Bundle() const {
  return std::move(ParseCertificates(pem_)).value();
}

}  // namespace culvert::tls
