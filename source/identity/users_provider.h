// The provider of users whose passwords stand in the config. Made once, then immutable; any thread.
// Keeps a keyed digest of each password, never the password.
#ifndef CULVERT_SOURCE_IDENTITY_USERS_PROVIDER_H_
#define CULVERT_SOURCE_IDENTITY_USERS_PROVIDER_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "source/identity/keyed_hash.h"
#include "source/identity/provider.h"

namespace culvert::identity {

class UsersProvider final : public IdentityProvider {
 public:
  explicit UsersProvider(std::string name);

  // Before the provider is shared. Returns false if the name is there already.
  bool Add(std::string_view user, std::string_view password, std::vector<std::string> groups);

  const std::string& name() const override { return name_; }
  bool Knows(std::string_view user) const override;
  CheckResult Verify(std::string_view user, std::string_view password,
                     HashScratch& scratch) const override;
  uint64_t generation() const override { return generation_; }
  bool FastPath() const override { return true; }
  absl::StatusOr<bool> ReloadIfChanged() override { return false; }

 private:
  struct User {
    KeyedHash::Digest password;
    std::vector<std::string> groups;
  };

  const std::string name_;
  const uint64_t generation_;
  const KeyedHash hash_;
  // What the password of an unknown user is compared with.
  const KeyedHash::Digest nobody_;
  std::unordered_map<std::string, User> users_;
};

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_USERS_PROVIDER_H_
