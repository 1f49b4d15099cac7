// CredentialVerifier: checks passwords on a few threads of its own, so that no event loop waits for
// a hash. One per process, shared by all workers; destroyed when their loops have stopped, before
// those are freed.
#ifndef CULVERT_SOURCE_IDENTITY_VERIFIER_H_
#define CULVERT_SOURCE_IDENTITY_VERIFIER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "source/identity/credential_key.h"
#include "source/identity/provider.h"

namespace culvert::identity {

class VerificationQueue;
struct VerificationJob;
struct VerificationWaiter;

// A check that is under way. Used and destroyed on the worker that asked for it. May outlive the
// verifier.
class Verification {
 public:
  Verification() = default;
  // As Cancel().
  ~Verification();
  Verification(Verification&& other) noexcept = default;
  Verification& operator=(Verification&& other) noexcept;

  // The callback has not run yet: it never will, and is destroyed now. A check that nobody else
  // waits for and that has not begun leaves the queue. Harmless when the callback has run.
  void Cancel();

 private:
  friend class CredentialVerifier;
  Verification(std::shared_ptr<VerificationQueue> queue, std::shared_ptr<VerificationJob> job,
               std::shared_ptr<VerificationWaiter> waiter);

  std::shared_ptr<VerificationQueue> queue_;
  std::shared_ptr<VerificationJob> job_;
  std::shared_ptr<VerificationWaiter> waiter_;
};

class CredentialVerifier {
 public:
  struct Options {
    // 0: half of the CPUs, at least one, at most four.
    size_t threads = 0;
    // Checks that wait for a thread; further ones get kOverloaded.
    size_t max_queue = 256;
    // Of these, checks from one source, so that a flood from one leaves room for others. 0: a
    // quarter.
    size_t max_queue_per_source = 0;
  };

  // Everything is copied; the copy of the password is wiped when it has been checked.
  struct Request {
    std::span<const IdentityProviderPtr> providers;
    // Of these providers, this user and this password. Requests with one key share one check, which
    // takes one place in the queue: a browser that opens twenty connections costs one hash.
    CredentialKey key;
    std::string_view user;
    std::string_view password;
    // SourceKey(), or any text that stands for where it came from.
    std::string_view source;
  };

  // Runs a function on the loop of the worker that asked. Called once, on a hashing thread (or at
  // once, by Verify(), for kOverloaded), perhaps after Cancel(), never when the verifier is gone.
  using Poster = std::function<void(std::function<void()>)>;
  using Callback = std::function<void(const CheckResult&)>;

  // An error if the system gives no threads.
  static absl::StatusOr<std::unique_ptr<CredentialVerifier>> Start(const Options& options);

  // Waits for the checks that run. Those that are queued are dropped; their callbacks never run.
  ~CredentialVerifier();
  CredentialVerifier(const CredentialVerifier&) = delete;
  CredentialVerifier& operator=(const CredentialVerifier&) = delete;

  // From any worker. `callback` runs once, through `poster`, never inside this call; dropping the
  // handle cancels.
  [[nodiscard]] Verification Verify(const Request& request, Poster poster, Callback callback);

  // Checks that wait for a thread now.
  size_t queued() const;

 private:
  explicit CredentialVerifier(const Options& options);

  const std::shared_ptr<VerificationQueue> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_VERIFIER_H_
