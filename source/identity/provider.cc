#include "source/identity/provider.h"

#include <algorithm>

namespace culvert::identity {
namespace {

bool IsFast(const IdentityProviderPtr& provider) { return provider->FastPath(); }

// The one that pays for a user whom nobody knows: a slow one where there is one.
const IdentityProvider* CostliestOf(std::span<const IdentityProviderPtr> providers) {
  if (providers.empty()) return nullptr;
  const auto slow = std::find_if_not(providers.begin(), providers.end(), IsFast);
  return slow == providers.end() ? providers.front().get() : slow->get();
}

}  // namespace

bool AllFast(std::span<const IdentityProviderPtr> providers) {
  return std::all_of(providers.begin(), providers.end(), IsFast);
}

CheckResult VerifyWithProviders(std::span<const IdentityProviderPtr> providers,
                                std::string_view user, std::string_view password,
                                HashScratch& scratch) {
  const IdentityProvider* costliest = CostliestOf(providers);
  for (const IdentityProviderPtr& provider : providers) {
    if (!provider->Knows(user)) continue;
    CheckResult result = provider->Verify(user, password, scratch);
    // The user was removed between the two calls.
    if (result.outcome == CheckOutcome::kUnknownUser) continue;
    const bool was_cheap = provider->FastPath() && !costliest->FastPath();
    if (result.outcome == CheckOutcome::kWrongPassword && was_cheap) {
      costliest->Verify(user, password, scratch);
    }
    return result;
  }
  if (costliest != nullptr) costliest->Verify(user, password, scratch);
  return {.outcome = CheckOutcome::kUnknownUser, .identity = {}};
}

}  // namespace culvert::identity
