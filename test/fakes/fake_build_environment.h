// What a factory builds in, for tests: clusters and identity providers by name, counters of its
// own, a verifier and an admin gate where the test gives them; and what the factory told of its
// work. One thread.
#ifndef CULVERT_TEST_FAKES_FAKE_BUILD_ENVIRONMENT_H_
#define CULVERT_TEST_FAKES_FAKE_BUILD_ENVIRONMENT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/base/field_error.h"
#include "source/filter/admin_gate.h"
#include "source/filter/build_context.h"
#include "source/identity/provider.h"
#include "source/identity/verifier.h"
#include "source/stats/registry.h"
#include "source/tls/ticket_key_store.h"
#include "source/upstream/cluster.h"

namespace culvert::fakes {

class FakeBuildEnvironment final : public filter::BuildEnvironment {
 public:
  explicit FakeBuildEnvironment(stats::Registry& stats) : stats_(stats) {}

  void Add(std::shared_ptr<upstream::Cluster> cluster) { clusters_[cluster->name()] = cluster; }
  void Add(identity::IdentityProviderPtr provider) { providers_[provider->name()] = provider; }
  void set_verifier(std::shared_ptr<identity::CredentialVerifier> verifier) {
    verifier_ = std::move(verifier);
  }
  void set_admin_gate(filter::AdminGate* gate) { admin_gate_ = gate; }

  const std::vector<FieldError>& warnings() const { return warnings_; }
  // Their paths are those that the contexts have.
  const std::vector<filter::CertificateFacts>& certificates() const { return certificates_; }
  const std::vector<std::string>& files() const { return files_; }

  stats::Registry& stats() override { return stats_; }
  uint32_t workers() const override { return stats_.workers(); }
  const std::string& base_directory() const override { return base_directory_; }
  std::shared_ptr<upstream::Cluster> FindCluster(std::string_view name) override {
    const auto found = clusters_.find(name);
    return found == clusters_.end() ? nullptr : found->second;
  }
  identity::IdentityProviderPtr FindIdentityProvider(std::string_view name) override {
    const auto found = providers_.find(name);
    return found == providers_.end() ? nullptr : found->second;
  }
  std::shared_ptr<identity::CredentialVerifier> credential_verifier() override { return verifier_; }
  tls::TicketKeyStore& ticket_keys() override { return ticket_keys_; }
  filter::AdminGate* admin_gate() override { return admin_gate_; }
  void AddWarning(FieldError warning) override { warnings_.push_back(std::move(warning)); }
  void NoteCertificate(filter::CertificateFacts facts) override {
    certificates_.push_back(std::move(facts));
  }
  void NoteFile(const std::string& path) override { files_.push_back(path); }

 private:
  stats::Registry& stats_;
  const std::string base_directory_ = ".";
  std::map<std::string, std::shared_ptr<upstream::Cluster>, std::less<>> clusters_;
  std::map<std::string, identity::IdentityProviderPtr, std::less<>> providers_;
  std::shared_ptr<identity::CredentialVerifier> verifier_;
  tls::TicketKeyStore ticket_keys_;
  filter::AdminGate* admin_gate_ = nullptr;
  std::vector<FieldError> warnings_;
  std::vector<filter::CertificateFacts> certificates_;
  std::vector<std::string> files_;
};

}  // namespace culvert::fakes

#endif  // CULVERT_TEST_FAKES_FAKE_BUILD_ENVIRONMENT_H_
