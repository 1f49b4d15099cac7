#include "source/net/resolver.h"

#include <arpa/nameser.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include "source/base/status.h"
#include "source/net/wait.h"

namespace culvert::net {
namespace {

using Family = IpAddress::Family;

constexpr uint16_t kDnsPort = 53;

DnsAnswer Failed(ResolveFailure failure) {
  return {.failure = failure, .addresses = {}, .ttl = {}};
}

// What c-ares says of a question; `message` is empty where no server has answered it.
DnsAnswer ToAnswer(int status, std::span<const uint8_t> message, Family family) {
  switch (status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
      if (message.empty()) return Failed(ResolveFailure::kNotFound);
      return ParseDnsAnswer(message, family);
    case ARES_EBADNAME:
    case ARES_EBADQUERY:
    case ARES_EBADRESP:
      return Failed(ResolveFailure::kMalformed);
    case ARES_ETIMEOUT:
      return Failed(ResolveFailure::kTimedOut);
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED:
      return Failed(ResolveFailure::kCancelled);
    default:
      return Failed(ResolveFailure::kServerFailure);
  }
}

bool IsLocalhost(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

ResolveResult Known(std::span<const IpAddress> addresses) {
  ResolveResult result{.from_cache = true};
  std::ranges::copy_if(addresses, std::back_inserter(result.addresses), &IpAddress::is_v6);
  std::ranges::copy_if(addresses, std::back_inserter(result.addresses), &IpAddress::is_v4);
  return result;
}

ResolveResult Loopback() {
  constexpr std::array kAddresses = {
      IpAddress::V6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
      IpAddress::V4(127, 0, 0, 1),
  };
  return Known(kAddresses);
}

}  // namespace

absl::StatusOr<SocketAddress> ParseNameServer(std::string_view text) {
  if (const auto ip = IpAddress::Parse(text)) return SocketAddress(*ip, kDnsPort);
  const absl::StatusOr<SocketAddress> address = SocketAddress::Parse(text);
  if (!address.ok() || !address->is_ip() || address->port() == 0) {
    return InvalidArgument(
        fmt::format("'{}' is no name server; write 10.0.0.53 or [2001:db8::53]:53", text));
  }
  return address;
}

struct AresResolver::Query {
  AresResolver* resolver;
  const std::string host;
  const Family family;
  std::optional<DnsAnswer> answer;
  const TimePoint asked;
  std::vector<Readiness*> waiting = {};  // signalled when the answer is there
};

// The answer is there from the start or comes with a query, which may outlive the resolver.
class AresResolver::Half {
 public:
  Half(AresResolver& resolver, const std::string& host, Family family, Readiness& answered)
      : answered_(answered) {
    if (const DnsAnswer* kept = resolver.cache_.Find(host, family, resolver.loop_.now())) {
      answer_ = *kept;
      return;
    }
    query_ = resolver.Ask(host, family);
    if (!query_->answer) query_->waiting.push_back(&answered);
  }
  Half(const Half&) = delete;
  Half& operator=(const Half&) = delete;
  ~Half() {
    if (query_ != nullptr) std::erase(query_->waiting, &answered_);
  }

  // Since when this half is late, given that the other one has an address now. What was kept counts
  // as there since the question was asked, so that a family that never answers holds up one caller
  // and not each.
  TimePoint LateSince(const Half& other, TimePoint now) const {
    return other.from_cache() ? query_->asked : now;
  }

  bool from_cache() const { return query_ == nullptr; }
  const std::optional<DnsAnswer>& answer() const { return query_ ? query_->answer : answer_; }
  bool has_address() const { return answer() && answer()->failure == ResolveFailure::kNone; }
  std::span<const IpAddress> addresses() const {
    return answer() ? std::span(answer()->addresses) : std::span<const IpAddress>();
  }
  ResolveFailure failure() const {
    return answer() ? answer()->failure : ResolveFailure::kTimedOut;
  }

 private:
  Readiness& answered_;
  std::shared_ptr<Query> query_;
  std::optional<DnsAnswer> answer_;
};

ResolveResult AresResolver::Merge(const Half& v6, const Half& v4) {
  ResolveResult result;
  result.from_cache = v6.from_cache() && v4.from_cache();
  result.addresses.assign(v6.addresses().begin(), v6.addresses().end());
  result.addresses.insert(result.addresses.end(), v4.addresses().begin(), v4.addresses().end());
  if (result.addresses.empty()) result.failure = std::max(v6.failure(), v4.failure());
  return result;
}

absl::StatusOr<std::unique_ptr<AresResolver>> AresResolver::Create(EventLoop& loop,
                                                                   const ResolverOptions& options) {
  std::unique_ptr<AresResolver> resolver(new AresResolver(loop, options));
  absl::StatusOr<std::unique_ptr<AresChannel>> channel = AresChannel::Create(loop, options.ares);
  if (!channel.ok()) return channel.status();
  resolver->channel_ = *std::move(channel);
  return resolver;
}

AresResolver::AresResolver(EventLoop& loop, const ResolverOptions& options)
    : loop_(loop),
      max_queries_(options.max_queries),
      resolution_delay_(options.resolution_delay),
      cache_(options.cache) {
  if (options.ares.servers.empty()) hosts_file_.emplace(options.hosts_file);
}

AresResolver::~AresResolver() = default;

std::shared_ptr<AresResolver::Query> AresResolver::Ask(const std::string& host, Family family) {
  auto& queries = queries_[static_cast<size_t>(family)];
  if (const auto found = queries.find(host); found != queries.end()) return found->second;
  auto query = std::make_shared<Query>(Query{this, host, family, {}, loop_.now()});
  if (host.empty() || host.find('\0') != host.npos) {
    query->answer = Failed(ResolveFailure::kMalformed);
    return query;
  }
  if (this->queries() >= max_queries_) {
    query->answer = Failed(ResolveFailure::kTooMany);
    return query;
  }
  queries.emplace(host, query);
  channel_->Search(
      host, family == Family::kV4 ? ns_t_a : ns_t_aaaa,
      [](void* argument, int status, int, unsigned char* message, int size) {
        Query& self = *static_cast<Query*>(argument);
        const std::span<const uint8_t> bytes(message, message == nullptr ? 0 : size);
        self.resolver->OnAnswer(self, ToAnswer(status, bytes, self.family));
      },
      query.get());
  return query;
}

void AresResolver::OnAnswer(Query& query, DnsAnswer answer) {
  cache_.Insert(query.host, query.family, answer, loop_.now());
  query.answer = std::move(answer);
  const auto owner = queries_[static_cast<size_t>(query.family)].extract(query.host);
  for (Readiness* waiting : std::exchange(query.waiting, {})) waiting->Signal();
}

Task<ResolveResult> AresResolver::Resolve(std::string host, TimePoint deadline) {
  if (IsLocalhost(host)) co_return Loopback();
  if (hosts_file_) {
    const std::vector<IpAddress> listed = hosts_file_->Find(host, loop_.now());
    if (!listed.empty()) co_return Known(listed);
  }
  // From the first wait on the resolver may be gone; what is taken from it here is not.
  EventLoop& loop = loop_;
  const Duration delay = resolution_delay_;
  Readiness answered;
  Half v6(*this, host, Family::kV6, answered);
  Half v4(*this, host, Family::kV4, answered);
  TimePoint patience = kNever;
  while (!v6.answer() || !v4.answer()) {
    const TimePoint now = loop.now();
    if (patience == kNever && v6.has_address()) patience = After(v4.LateSince(v6, now), delay);
    if (patience == kNever && v4.has_address()) patience = After(v6.LateSince(v4, now), delay);
    answered.Clear();
    const WaitOutcome outcome = co_await Wait(std::min(deadline, patience), &answered);
    if (outcome == WaitOutcome::kTimedOut) break;
    if (outcome == WaitOutcome::kCancelled) co_return ResolveResult{ResolveFailure::kCancelled};
  }
  co_return Merge(v6, v4);
}

}  // namespace culvert::net
