// One accepted connection: its context, and the coroutine that finds its chain and runs it. Owned
// by its worker.
#ifndef CULVERT_SOURCE_SERVER_CONNECTION_H_
#define CULVERT_SOURCE_SERVER_CONNECTION_H_

#include <memory>
#include <optional>

#include "source/filter/connection_context.h"
#include "source/net/socket_stream.h"
#include "source/net/timer_wheel.h"
#include "source/server/served_listener.h"

namespace culvert::server {

class Connection final : private net::Timer {
 public:
  // The listener's limits have let it in.
  Connection(filter::Worker& worker, ServedListenerPtr listener,
             filter::ConnectionContext::Origin origin);
  ~Connection() override;

  // Runs the connection; `on_done` is called once, when all of it has ended, and may destroy it.
  template <class OnDone>
  void Start(net::StreamPtr stream, OnDone on_done) {
    net::Spawn(context_.scope(), Run(std::move(stream)), std::move(on_done));
  }

  filter::ConnectionContext& context() { return context_; }
  const ServedListener& served() const { return *served_; }

  // Its listener is retired: the connection is to end as soon as it can do so politely. Where the
  // config has changed it may go on for the drain time of the listener that it began with, counted
  // from the first time that it hears of that.
  void Retire();

 private:
  net::Task<void> Run(net::StreamPtr stream);
  net::Task<filter::ChainPtr> FindChain(net::Stream& stream);
  filter::ChainPtr SelectChain(const ChainMatcher::Facts& facts);
  void Finish();
  void OnTimer() override;

  const ServedListenerPtr served_;
  const ListenerSnapshot& listener_;
  // As it was counted: a filter may learn another remote address.
  const std::optional<net::IpAddress> counted_source_;
  filter::ConnectionContext context_;
  net::CancelReason timer_reason_ = net::CancelReason::kLifetime;
};

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_CONNECTION_H_
