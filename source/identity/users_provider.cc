#include "source/identity/users_provider.h"

#include <openssl/mem.h>

#include <utility>

namespace culvert::identity {

UsersProvider::UsersProvider(std::string name)
    : name_(std::move(name)),
      generation_(RandomNumber()),
      hash_(KeyedHash::Random()),
      nobody_(KeyedHash::Random().Of("")) {}

bool UsersProvider::Add(std::string_view user, std::string_view password,
                        std::vector<std::string> groups) {
  return users_.try_emplace(std::string(user), User{hash_.Of(password), std::move(groups)}).second;
}

bool UsersProvider::Knows(std::string_view user) const {
  return users_.contains(std::string(user));
}

CheckResult UsersProvider::Verify(std::string_view user, std::string_view password,
                                  HashScratch& /*scratch*/) const {
  const auto found = users_.find(std::string(user));
  const bool is_known = found != users_.end();
  // Digests, so that neither the length nor the first wrong byte shows in the time.
  const KeyedHash::Digest given = hash_.Of(password);
  const KeyedHash::Digest& expected = is_known ? found->second.password : nobody_;
  const bool equal = CRYPTO_memcmp(given.data(), expected.data(), given.size()) == 0;
  if (!is_known) return {.outcome = CheckOutcome::kUnknownUser, .identity = {}};
  if (!equal) return {.outcome = CheckOutcome::kWrongPassword, .identity = {}};
  return {.outcome = CheckOutcome::kOk,
          .identity = {.name = found->first, .groups = found->second.groups, .provider = name_}};
}

}  // namespace culvert::identity
