#include "source/identity/verification_queue.h"

#include <algorithm>
#include <utility>

namespace culvert::identity {

VerificationJob::VerificationJob(const CredentialVerifier::Request& request)
    : providers(request.providers.begin(), request.providers.end()),
      key(request.key),
      user(request.user),
      password(request.password),
      source(request.source) {}

VerificationQueue::VerificationQueue(size_t max_jobs, size_t max_jobs_per_source)
    : max_jobs_(max_jobs), max_jobs_per_source_(max_jobs_per_source) {}

JobPtr VerificationQueue::Join(const CredentialVerifier::Request& request,
                               const WaiterPtr& waiter) {
  const std::lock_guard lock(mutex_);
  if (const auto same = jobs_.find(request.key); same != jobs_.end()) {
    same->second->waiters.push_back(waiter);
    return same->second;
  }
  auto job = std::make_shared<VerificationJob>(request);
  if (!HasRoom(job->source)) return nullptr;
  job->waiters.push_back(waiter);
  waiting_.push_back(job);
  ++waiting_by_source_[job->source];
  jobs_.emplace(job->key, job);
  changed_.notify_one();
  return job;
}

void VerificationQueue::Leave(const JobPtr& job, const WaiterPtr& waiter) {
  const std::lock_guard lock(mutex_);
  std::erase(job->waiters, waiter);
  if (!job->waiters.empty() || !job->is_queued) return;
  std::erase(waiting_, job);
  RemoveFromQueue(*job);
  jobs_.erase(job->key);
}

JobPtr VerificationQueue::Take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return is_stopped_ || !waiting_.empty(); });
  if (is_stopped_) return nullptr;
  JobPtr job = std::move(waiting_.front());
  waiting_.pop_front();
  RemoveFromQueue(*job);
  return job;
}

std::vector<WaiterPtr> VerificationQueue::Finish(const JobPtr& job) {
  const std::lock_guard lock(mutex_);
  // When stopped the waiters stay where they are: Clear()'s caller destroys them.
  if (is_stopped_) return {};
  jobs_.erase(job->key);
  return std::exchange(job->waiters, {});
}

void VerificationQueue::Stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  changed_.notify_all();
}

void VerificationQueue::Clear() {
  // Destroyed without the lock: a callback may own a handle that wants to leave.
  std::unordered_map<CredentialKey, JobPtr, DigestHasher> jobs;
  const std::lock_guard lock(mutex_);
  for (const JobPtr& job : waiting_) job->is_queued = false;
  waiting_.clear();
  waiting_by_source_.clear();
  jobs_.swap(jobs);
}

size_t VerificationQueue::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

bool VerificationQueue::HasRoom(const std::string& source) const {
  if (is_stopped_ || waiting_.size() >= max_jobs_) return false;
  const auto found = waiting_by_source_.find(source);
  return found == waiting_by_source_.end() || found->second < max_jobs_per_source_;
}

void VerificationQueue::RemoveFromQueue(VerificationJob& job) {
  job.is_queued = false;
  const auto count = waiting_by_source_.find(job.source);
  if (--count->second == 0) waiting_by_source_.erase(count);
}

}  // namespace culvert::identity
