// What a factory builds in, for tests: clusters and identity providers by name, counters of its
// own, a verifier where the test gives one. One thread.
#ifndef CULVERT_TEST_FAKES_FAKE_BUILD_ENVIRONMENT_H_
#define CULVERT_TEST_FAKES_FAKE_BUILD_ENVIRONMENT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "source/filter/build_context.h"
#include "source/identity/provider.h"
#include "source/identity/verifier.h"
#include "source/stats/registry.h"
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

 private:
  stats::Registry& stats_;
  const std::string base_directory_ = ".";
  std::map<std::string, std::shared_ptr<upstream::Cluster>, std::less<>> clusters_;
  std::map<std::string, identity::IdentityProviderPtr, std::less<>> providers_;
  std::shared_ptr<identity::CredentialVerifier> verifier_;
};

}  // namespace culvert::fakes

#endif  // CULVERT_TEST_FAKES_FAKE_BUILD_ENVIRONMENT_H_
