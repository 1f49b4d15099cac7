// The checks that CredentialVerifier's threads take and the callers who wait for each. Internal to
// the verifier; its methods may be called from any thread.
#ifndef CULVERT_SOURCE_IDENTITY_VERIFICATION_QUEUE_H_
#define CULVERT_SOURCE_IDENTITY_VERIFICATION_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "source/identity/secret.h"
#include "source/identity/verifier.h"

namespace culvert::identity {

// One caller. The poster belongs to whoever holds the result, the callback to the caller's thread
// alone.
struct VerificationWaiter {
  CredentialVerifier::Poster poster;
  // Empty: cancelled, or has run.
  CredentialVerifier::Callback callback;
};
using WaiterPtr = std::shared_ptr<VerificationWaiter>;

// One check. All but `waiters` and `is_queued` belongs to the thread that takes it.
struct VerificationJob {
  explicit VerificationJob(const CredentialVerifier::Request& request);

  std::vector<IdentityProviderPtr> providers;
  CredentialKey key;
  std::string user;
  Secret password;
  std::string source;
  // Under the queue's mutex.
  std::vector<WaiterPtr> waiters;
  bool is_queued = true;
};
using JobPtr = std::shared_ptr<VerificationJob>;

class VerificationQueue {
 public:
  VerificationQueue(size_t max_jobs, size_t max_jobs_per_source);

  // The job that `waiter` now waits for: a new one, or one of the same key. Null: there is no room.
  JobPtr Join(const CredentialVerifier::Request& request, const WaiterPtr& waiter);

  void Leave(const JobPtr& job, const WaiterPtr& waiter);

  // Blocks until there is a job; null when stopped.
  JobPtr Take();

  // Who waits for a job that was taken and is done now; nobody when stopped.
  std::vector<WaiterPtr> Finish(const JobPtr& job);

  // From now on nothing is taken and nobody is told.
  void Stop();

  // After Stop(), when no thread runs a job: drops everything.
  void Clear();

  size_t size() const;

 private:
  bool HasRoom(const std::string& source) const;
  void RemoveFromQueue(VerificationJob& job);

  const size_t max_jobs_;
  const size_t max_jobs_per_source_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All below under mutex_.
  bool is_stopped_ = false;
  std::deque<JobPtr> waiting_;
  std::unordered_map<std::string, size_t> waiting_by_source_;
  // Waiting or running.
  std::unordered_map<CredentialKey, JobPtr, DigestHasher> jobs_;
};

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_VERIFICATION_QUEUE_H_
