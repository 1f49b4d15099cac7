// A resolver that counts what another one finds. One of each worker; its thread.
#ifndef CULVERT_SOURCE_SERVER_COUNTING_RESOLVER_H_
#define CULVERT_SOURCE_SERVER_COUNTING_RESOLVER_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "source/net/resolver.h"
#include "source/stats/registry.h"

namespace culvert::server {

class CountingResolver final : public net::Resolver {
 public:
  // `inner` must outlive it.
  CountingResolver(net::Resolver& inner, uint32_t worker, stats::Registry& stats)
      : inner_(inner), worker_(worker) {
    constexpr std::string_view kHelp = "Names that were looked up, by what came of it.";
    for (size_t i = 0; i < failures_.size(); ++i) {
      const std::string_view result =
          i == 0 ? "found" : ToToken(static_cast<net::ResolveFailure>(i));
      failures_[i] =
          &stats.GetCounter("culvert_dns_lookups_total", {{"result", std::string(result)}}, kHelp);
    }
    cached_ = &stats.GetCounter("culvert_dns_cache_hits_total", {},
                                "Look-ups that needed no name server.");
  }

  net::Task<net::ResolveResult> Resolve(std::string host, TimePoint deadline) override {
    net::ResolveResult result = co_await inner_.Resolve(std::move(host), deadline);
    failures_[static_cast<size_t>(result.failure)]->Add(worker_);
    if (result.from_cache) cached_->Add(worker_);
    co_return result;
  }

 private:
  static constexpr size_t kResults = static_cast<size_t>(net::ResolveFailure::kCancelled) + 1;

  net::Resolver& inner_;
  const uint32_t worker_;
  std::array<stats::Counter*, kResults> failures_;  // by net::ResolveFailure; kNone: found
  stats::Counter* cached_;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_COUNTING_RESOLVER_H_
