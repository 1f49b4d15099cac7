// Names one attempt to come in (these providers as they are now, this user, this password) without
// holding the password: what caches and tables of attempts are keyed by.
#ifndef CULVERT_SOURCE_IDENTITY_CREDENTIAL_KEY_H_
#define CULVERT_SOURCE_IDENTITY_CREDENTIAL_KEY_H_

#include <span>
#include <string_view>

#include "source/identity/keyed_hash.h"
#include "source/identity/provider.h"

namespace culvert::identity {

using CredentialKey = KeyedHash::Digest;

// `hash` is the process's own, one for all workers. Make the key before the password is checked: if
// the users change meanwhile, what the check finds out is filed under the old state and never met
// again.
CredentialKey MakeCredentialKey(const KeyedHash& hash,
                                std::span<const IdentityProviderPtr> providers,
                                std::string_view user, std::string_view password);

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_CREDENTIAL_KEY_H_
