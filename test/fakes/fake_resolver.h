// A resolver that a test scripts: the addresses of names, or how they fail. A name that it was not
// told of never gets an answer. One thread.
#ifndef CULVERT_TEST_FAKES_FAKE_RESOLVER_H_
#define CULVERT_TEST_FAKES_FAKE_RESOLVER_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "source/net/resolver.h"
#include "source/net/wait.h"

namespace culvert::fakes {

class FakeResolver final : public net::Resolver {
 public:
  void Add(const std::string& host, std::vector<net::IpAddress> addresses) {
    answers_[host].addresses = std::move(addresses);
  }
  void Fail(const std::string& host, net::ResolveFailure failure) {
    answers_[host].failure = failure;
  }

  // The names that were asked for, in order.
  const std::vector<std::string>& asked() const { return asked_; }

  net::Task<net::ResolveResult> Resolve(std::string host, TimePoint deadline) override {
    asked_.push_back(host);
    if (const auto found = answers_.find(host); found != answers_.end()) co_return found->second;
    const net::WaitOutcome outcome = co_await net::SleepUntil(deadline);
    net::ResolveResult result;
    result.failure = outcome == net::WaitOutcome::kCancelled ? net::ResolveFailure::kCancelled
                                                             : net::ResolveFailure::kTimedOut;
    co_return result;
  }

 private:
  std::map<std::string, net::ResolveResult> answers_;
  std::vector<std::string> asked_;
};

}  // namespace culvert::fakes

#endif  // CULVERT_TEST_FAKES_FAKE_RESOLVER_H_
