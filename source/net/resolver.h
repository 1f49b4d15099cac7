// From host names to addresses. The interface of whoever dials a name, and the resolver of the
// process, which asks the name system by c-ares. One of each worker; its thread.
#ifndef CULVERT_SOURCE_NET_RESOLVER_H_
#define CULVERT_SOURCE_NET_RESOLVER_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "source/base/time.h"
#include "source/net/address.h"
#include "source/net/ares_channel.h"
#include "source/net/dns_answer.h"
#include "source/net/dns_cache.h"
#include "source/net/event_loop.h"
#include "source/net/hosts_file.h"
#include "source/net/task.h"

namespace culvert::net {

struct ResolveResult {
  ResolveFailure failure = ResolveFailure::kNone;
  std::vector<IpAddress> addresses = {};  // IPv6 first; not empty without a failure
  bool from_cache = false;                // known without asking a server

  bool ok() const { return failure == ResolveFailure::kNone; }
};

class Resolver {
 public:
  Resolver() = default;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  virtual ~Resolver() = default;

  // The addresses of `host`, a name as NormalizeHostName gives it and no address. What holds it up
  // ends at `deadline` or when the scope is cancelled; the answer may still come and be kept.
  virtual Task<ResolveResult> Resolve(std::string host, TimePoint deadline) = 0;
};

struct ResolverOptions {
  // With servers of its own, it reads neither resolv.conf nor the hosts file.
  AresOptions ares;
  std::string hosts_file = "/etc/hosts";
  DnsCacheOptions cache;
  // Questions under way at a time; a name has two. More than that fail with kTooMany.
  size_t max_queries = 1024;
  // How long a family may be late once the other has an address (RFC 8305 section 3).
  Duration resolution_delay = std::chrono::milliseconds(50);
};

// A name server of the config: `10.0.0.53`, `10.0.0.53:5353`, `2001:db8::53` or
// `[2001:db8::53]:53`. The error says what to write instead.
absl::StatusOr<SocketAddress> ParseNameServer(std::string_view text);

// Asks for both address families at once, and takes what one of them has if the other is late.
// Equal questions under way are one. `localhost` and what is below it is the loopback (RFC 6761
// section 6.3).
class AresResolver final : public Resolver {
 public:
  // The loop must outlive the resolver, and run once more after it so that its coroutines end.
  static absl::StatusOr<std::unique_ptr<AresResolver>> Create(EventLoop& loop,
                                                              const ResolverOptions& options);
  // Those that wait get kCancelled.
  ~AresResolver() override;

  Task<ResolveResult> Resolve(std::string host, TimePoint deadline) override;

  // Questions under way.
  size_t queries() const { return queries_[0].size() + queries_[1].size(); }

 private:
  struct Query;  // a question under way
  class Half;    // what one Resolve knows of one family

  AresResolver(EventLoop& loop, const ResolverOptions& options);
  std::shared_ptr<Query> Ask(const std::string& host, IpAddress::Family family);
  static ResolveResult Merge(const Half& v6, const Half& v4);
  void OnAnswer(Query& query, DnsAnswer answer);

  EventLoop& loop_;
  const size_t max_queries_;
  const Duration resolution_delay_;
  std::optional<HostsFile> hosts_file_;
  DnsCache cache_;
  std::array<std::unordered_map<std::string, std::shared_ptr<Query>>, 2> queries_;  // by family
  std::unique_ptr<AresChannel> channel_;
};

}  // namespace culvert::net

#endif  // CULVERT_SOURCE_NET_RESOLVER_H_
