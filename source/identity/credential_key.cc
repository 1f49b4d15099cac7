#include "source/identity/credential_key.h"

#include <array>
#include <cstdint>
#include <vector>

namespace culvert::identity {

CredentialKey MakeCredentialKey(const KeyedHash& hash,
                                std::span<const IdentityProviderPtr> providers,
                                std::string_view user, std::string_view password) {
  std::vector<uint64_t> generations;
  generations.reserve(providers.size());
  for (const IdentityProviderPtr& provider : providers) {
    generations.push_back(provider->generation());
  }
  const std::array<std::string_view, 3> parts = {
      std::string_view(reinterpret_cast<const char*>(generations.data()),
                       generations.size() * sizeof(uint64_t)),
      user, password};
  return hash.Of(parts);
}

}  // namespace culvert::identity
