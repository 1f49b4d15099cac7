// What the filters of one connection learn from and tell each other. Owned by the connection, used
// on its worker, alive until the last coroutine of the connection has ended.
#ifndef CULVERT_SOURCE_FILTER_CONNECTION_CONTEXT_H_
#define CULVERT_SOURCE_FILTER_CONNECTION_CONTEXT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "source/access_log/record.h"
#include "source/base/failure.h"
#include "source/filter/phase.h"
#include "source/identity/identity.h"
#include "source/net/address.h"
#include "source/net/event_loop.h"
#include "source/net/scope.h"
#include "source/stats/registry.h"

namespace culvert::net {
class Resolver;
}

namespace culvert::filter {

// What a worker offers to the filters of its connections.
struct Worker {
  // 0 to workers - 1: which slot of a counter, which of an extension's per-worker objects.
  uint32_t index;
  net::EventLoop& loop;
  net::Resolver& resolver;
};

// What all connections of one listener have in common.
struct ListenerContext {
  std::string name;
  // Called with the finished record of a connection or request; must be quick.
  std::function<void(const access_log::Record&)> log;
  stats::Counter* received_bytes = nullptr;
  stats::Counter* sent_bytes = nullptr;
};

class ConnectionContext {
 public:
  struct Origin {
    uint64_t id;
    net::SocketAddress remote_address;
    net::SocketAddress local_address;
  };

  ConnectionContext(Worker& worker, const ListenerContext& listener, Origin origin);
  ConnectionContext(const ConnectionContext&) = delete;
  ConnectionContext& operator=(const ConnectionContext&) = delete;

  Worker& worker() const { return worker_; }
  net::EventLoop& loop() const { return worker_.loop; }
  // Every coroutine of the connection runs in it; cancelling it ends the connection.
  net::Scope& scope() { return scope_; }
  TimePoint now() const { return worker_.loop.now(); }
  TimePoint start() const { return start_; }
  // What it is busy with. Whoever begins something else says so.
  Phase phase() const { return phase_; }
  void set_phase(Phase phase) { phase_ = phase; }
  // A deadline so long from now.
  TimePoint In(Duration duration) const { return After(now(), duration); }
  // The connection is to end as soon as it can do so politely: a newer config has taken over. What
  // has begun, and the next request, are served.
  void Retire() { retired_.Signal(); }
  // The process is about to end: as Retire, and nothing that may last is to begin.
  void Drain() {
    draining_ = true;
    Retire();
  }
  bool draining() const { return draining_; }
  // What tells those who wait for more work that there is to be none: for a Wait beside the stream.
  net::Readiness& retired() { return retired_; }

  uint64_t id() const { return origin_.id; }
  const net::SocketAddress& remote_address() const { return origin_.remote_address; }
  const net::SocketAddress& local_address() const { return origin_.local_address; }
  // For filters that learn the true source from the bytes.
  void set_remote_address(const net::SocketAddress& address);

  // Who the client is; null until a filter has found out.
  const identity::Identity* identity() const { return identity_ ? &*identity_ : nullptr; }
  void set_identity(identity::Identity identity);
  void clear_identity();

  // What the access log will say of the connection, or of the request that is being served.
  access_log::Record& record() { return *record_; }

  // Notes how it ended; of several calls between two records the first one counts. `filter` is its
  // name.
  void End(std::string_view filter, Failure failure);
  bool ended() const { return !record_->reason.empty(); }

  // A request begins: what follows belongs to a record of its own.
  void BeginRecord();
  // Writes the record to the access log, once.
  void LogRecord();
  bool logged() const { return logged_; }

  // From and to the client over all records, up to now.
  struct Traffic {
    uint64_t received = 0;
    uint64_t sent = 0;
  };
  Traffic traffic() const;

 private:
  std::unique_ptr<access_log::Record> NewRecord() const;

  Worker& worker_;
  const ListenerContext& listener_;
  Origin origin_;
  net::Scope scope_;
  const TimePoint start_;
  TimePoint record_start_;
  std::optional<identity::Identity> identity_;
  std::unique_ptr<access_log::Record> record_;
  Traffic finished_;  // of the records before this one
  Phase phase_ = Phase::kChainMatch;
  bool logged_ = false;
  bool draining_ = false;
  net::Readiness retired_;
};

}  // namespace culvert::filter

#endif  // CULVERT_SOURCE_FILTER_CONNECTION_CONTEXT_H_
