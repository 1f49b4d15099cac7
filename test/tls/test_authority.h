// Certificates for tests, made on the spot: an authority that signs whatever it is asked to.
#ifndef CULVERT_TEST_TLS_TEST_AUTHORITY_H_
#define CULVERT_TEST_TLS_TEST_AUTHORITY_H_

#include <string>
#include <vector>

#include "source/tls/certificate.h"

namespace culvert::tls {

enum class KeyType { kP256, kP384, kP521, kP224, kRsa2048, kRsa1024, kEd25519 };

// One key of each type and `index` for the whole process: RSA keys take a while.
UniquePtr<EVP_PKEY> TestKey(KeyType type, int index = 0);

struct CertificateRequest {
  std::string common_name = "test";
  // `DNS:a.test`, `IP:10.0.0.7`, `URI:spiffe://test/a`, `email:a@b.test`.
  std::vector<std::string> names = {};
  KeyType key = KeyType::kP256;
  // Tells keys of one type apart.
  int key_index = 0;
  // From now; the certificate is valid from 10 days before the end, or from yesterday if that is
  // earlier.
  int days = 30;
  // As OpenSSL's configuration spells them; empty: no such extension.
  std::string key_usage = {};
  std::string extended_key_usage = {};
};

// A leaf and its key.
struct Issued {
  std::string certificate_pem;
  std::string key_pem;

  KeyPair Pair() const;
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name, int key_index = 100);

  Issued Issue(const CertificateRequest& request) const;
  const std::string& pem() const { return pem_; }
  std::vector<UniquePtr<X509>> Bundle() const;

 private:
  UniquePtr<EVP_PKEY> key_;
  UniquePtr<X509> certificate_;
  std::string pem_;
};

std::string ToPem(EVP_PKEY* key);

}  // namespace culvert::tls

#endif  // CULVERT_TEST_TLS_TEST_AUTHORITY_H_
