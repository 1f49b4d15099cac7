#include "source/identity/verifier.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "source/base/status.h"
#include "source/identity/verification_queue.h"

namespace culvert::identity {
namespace {

// The last owner of the waiter is the posted function, so the callback is destroyed on its own
// loop.
void Post(WaiterPtr waiter, CheckResult result) {
  const CredentialVerifier::Poster poster = std::move(waiter->poster);
  poster([waiter = std::move(waiter), result = std::move(result)] {
    const CredentialVerifier::Callback callback = std::exchange(waiter->callback, nullptr);
    if (callback) callback(result);
  });
}

void RunHashingThread(VerificationQueue& queue) {
  HashScratch scratch;
  while (JobPtr job = queue.Take()) {
    const CheckResult result =
        VerifyWithProviders(job->providers, job->user, job->password.view(), scratch);
    // Now, not when the last handle to the job goes.
    job->password = Secret("");
    std::vector<WaiterPtr> waiters = queue.Finish(job);
    for (WaiterPtr& waiter : waiters) Post(std::move(waiter), result);
  }
}

size_t ThreadsOf(const CredentialVerifier::Options& options) {
  if (options.threads > 0) return options.threads;
  return std::clamp<size_t>(std::thread::hardware_concurrency() / 2, 1, 4);
}

size_t PerSourceOf(const CredentialVerifier::Options& options) {
  if (options.max_queue_per_source > 0) return options.max_queue_per_source;
  return std::max<size_t>(options.max_queue / 4, 1);
}

}  // namespace

Verification::Verification(std::shared_ptr<VerificationQueue> queue,
                           std::shared_ptr<VerificationJob> job,
                           std::shared_ptr<VerificationWaiter> waiter)
    : queue_(std::move(queue)), job_(std::move(job)), waiter_(std::move(waiter)) {}

Verification::~Verification() { Cancel(); }

Verification& Verification::operator=(Verification&& other) noexcept {
  if (this == &other) return *this;
  Cancel();
  queue_ = std::move(other.queue_);
  job_ = std::move(other.job_);
  waiter_ = std::move(other.waiter_);
  return *this;
}

void Verification::Cancel() {
  if (waiter_ == nullptr) return;
  if (job_ != nullptr) queue_->Leave(job_, waiter_);
  waiter_->callback = nullptr;
  waiter_.reset();
  job_.reset();
  queue_.reset();
}

CredentialVerifier::CredentialVerifier(const Options& options)
    : queue_(std::make_shared<VerificationQueue>(options.max_queue, PerSourceOf(options))) {}

absl::StatusOr<std::unique_ptr<CredentialVerifier>> CredentialVerifier::Start(
    const Options& options) {
  std::unique_ptr<CredentialVerifier> verifier(new CredentialVerifier(options));
  try {
    for (size_t i = 0; i < ThreadsOf(options); ++i) {
      std::thread& thread =
          verifier->threads_.emplace_back([queue = verifier->queue_] { RunHashingThread(*queue); });
      ::pthread_setname_np(thread.native_handle(), fmt::format("hash-{}", i).c_str());
    }
  } catch (const std::system_error& error) {
    return Unavailable(
        fmt::format("cannot start a thread that checks passwords: {}: check the limit of processes",
                    error.what()));
  }
  return verifier;
}

CredentialVerifier::~CredentialVerifier() {
  queue_->Stop();
  for (std::thread& thread : threads_) thread.join();
  queue_->Clear();
}

Verification CredentialVerifier::Verify(const Request& request, Poster poster, Callback callback) {
  auto waiter = std::make_shared<VerificationWaiter>(std::move(poster), std::move(callback));
  JobPtr job = queue_->Join(request, waiter);
  if (job == nullptr) Post(waiter, {.outcome = CheckOutcome::kOverloaded, .identity = {}});
  return Verification(queue_, std::move(job), std::move(waiter));
}

size_t CredentialVerifier::queued() const { return queue_->size(); }

}  // namespace culvert::identity
