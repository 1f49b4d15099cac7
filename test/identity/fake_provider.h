// An identity provider that a test scripts: one user, a hook in Verify(), and counters.
#ifndef CULVERT_TEST_IDENTITY_FAKE_PROVIDER_H_
#define CULVERT_TEST_IDENTITY_FAKE_PROVIDER_H_

#include <atomic>
#include <functional>
#include <string>

#include "source/identity/provider.h"

namespace culvert::identity {

class FakeProvider final : public IdentityProvider {
 public:
  FakeProvider(std::string name, std::string user, std::string password, bool is_fast)
      : name_(std::move(name)), user_(std::move(user)), password_(password), is_fast_(is_fast) {}

  const std::string& name() const override { return name_; }
  bool Knows(std::string_view user) const override { return user == user_; }
  CheckResult Verify(std::string_view user, std::string_view password,
                     HashScratch& /*scratch*/) const override {
    ++checks;
    if (on_verify) on_verify(user);
    if (user != user_) return {.outcome = CheckOutcome::kUnknownUser, .identity = {}};
    if (password != password_) return {.outcome = CheckOutcome::kWrongPassword, .identity = {}};
    return {.outcome = CheckOutcome::kOk,
            .identity = {.name = user_, .groups = {}, .provider = name_}};
  }
  uint64_t generation() const override { return generation_now; }
  bool FastPath() const override { return is_fast_; }
  absl::StatusOr<bool> ReloadIfChanged() override { return false; }

  mutable std::atomic<int> checks = 0;
  std::function<void(std::string_view user)> on_verify;
  uint64_t generation_now = 1;

 private:
  const std::string name_;
  const std::string user_;
  const std::string password_;
  const bool is_fast_;
};

}  // namespace culvert::identity

#endif  // CULVERT_TEST_IDENTITY_FAKE_PROVIDER_H_
