// IdentityProvider: a named list of users and how their passwords are checked. Shared by all
// workers and by the hashing threads; outlives the config that named it as long as a check uses it.
#ifndef CULVERT_SOURCE_IDENTITY_PROVIDER_H_
#define CULVERT_SOURCE_IDENTITY_PROVIDER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "source/identity/identity.h"
#include "source/identity/password_hash.h"

namespace culvert::identity {

enum class CheckOutcome {
  kOk,
  kWrongPassword,
  kUnknownUser,
  // Not checked: too many checks wait already. Says nothing about the password.
  kOverloaded,
  // Not checked: the hashing library failed.
  kError,
};

struct CheckResult {
  CheckOutcome outcome = CheckOutcome::kError;
  // Filled for kOk alone.
  Identity identity;
};

// All methods may be called from any thread at any time.
class IdentityProvider {
 public:
  virtual ~IdentityProvider() = default;

  // The name in the config.
  virtual const std::string& name() const = 0;

  virtual bool Knows(std::string_view user) const = 0;

  // A user who is not known (kUnknownUser) costs as much time as a wrong password does.
  virtual CheckResult Verify(std::string_view user, std::string_view password,
                             HashScratch& scratch) const = 0;

  // A random number that is drawn anew whenever the users change: no two states of any two
  // providers share one, so what was learnt from one state is never taken for another's.
  virtual uint64_t generation() const = 0;

  // Whether Verify() takes microseconds and may be called on an event loop.
  virtual bool FastPath() const = 0;

  // Reads its source again if that changed: true if the users were replaced. An error leaves the
  // users as they were and is returned once for each change of the source. Blocks on the disk.
  virtual absl::StatusOr<bool> ReloadIfChanged() = 0;
};

using IdentityProviderPtr = std::shared_ptr<IdentityProvider>;

// Whether VerifyWithProviders() may be called on an event loop.
bool AllFast(std::span<const IdentityProviderPtr> providers);

// The first provider that knows the user decides. How long a failure takes does not tell whether a
// user exists, nor in which provider: it costs one slow check if any of the providers is slow.
CheckResult VerifyWithProviders(std::span<const IdentityProviderPtr> providers,
                                std::string_view user, std::string_view password,
                                HashScratch& scratch);

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_PROVIDER_H_
