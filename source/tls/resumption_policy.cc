#include "source/tls/resumption_policy.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "source/tls/certificate.h"
#include "source/tls/server_context.h"

namespace culvert::tls {
namespace {

class Digest {
 public:
  Digest() { SHA256_Init(&context_); }

  void Add(uint64_t number) { SHA256_Update(&context_, &number, sizeof number); }
  // A set: neither the order nor how often one is named matters. Counted and measured, so that no
  // two lists look alike.
  void Add(std::vector<std::string> items) {
    std::ranges::sort(items);
    const auto duplicates = std::ranges::unique(items);
    items.erase(duplicates.begin(), duplicates.end());
    Add(items.size());
    for (const std::string& item : items) {
      Add(item.size());
      SHA256_Update(&context_, item.data(), item.size());
    }
  }

  std::string Finish() {
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256_Final(reinterpret_cast<uint8_t*>(digest.data()), &context_);
    return digest;
  }

 private:
  SHA256_CTX context_;
};

std::vector<std::string> FingerprintsOf(const std::vector<UniquePtr<X509>>& certificates) {
  std::vector<std::string> fingerprints;
  for (const UniquePtr<X509>& certificate : certificates) {
    fingerprints.push_back(FingerprintOf(certificate.get()));
  }
  return fingerprints;
}

// By kind: the DNS name `10.0.0.7` is not the address.
std::vector<std::string> ServerIdentities(const std::vector<KeyPair>& pairs) {
  std::vector<std::string> identities;
  for (const KeyPair& pair : pairs) {
    const AlternativeNames names = AlternativeNamesOf(pair.leaf());
    identities.push_back("subject " + SubjectOf(pair.leaf()));
    for (const std::string& name : names.dns) identities.push_back("dns " + name);
    for (const std::string& name : names.ip) identities.push_back("ip " + name);
    for (const std::string& name : names.uri) identities.push_back("uri " + name);
    for (const std::string& name : names.email) identities.push_back("email " + name);
  }
  return identities;
}

}  // namespace

std::string ResumptionPolicyOf(const ServerOptions& options) {
  Digest digest;
  digest.Add(static_cast<uint64_t>(options.client_certificate));
  digest.Add(FingerprintsOf(options.client_authorities));
  digest.Add(options.allowed_client_names.texts());
  digest.Add(ServerIdentities(options.key_pairs));
  digest.Add(static_cast<uint64_t>(options.session_lifetime.count()));
  return digest.Finish();
}

}  // namespace culvert::tls
