#include "extensions/tcp_proxy/filter.h"

#include <chrono>

namespace culvert::extensions::tcp_proxy {

using filter::ConnectionContext;
using filter::StreamPtr;
using filter::Task;

namespace {

// Each try has the cluster's own time-out; this one bounds a long row of endpoints that are silent.
constexpr Duration kDialTimeout = std::chrono::minutes(1);

}  // namespace

Task<void> TcpProxy::Run(StreamPtr downstream, ConnectionContext& connection) const {
  Upstream upstream = co_await Connect(connection);
  if (upstream.stream == nullptr) {
    downstream->Abort();
    co_return;
  }
  co_await filter::RunTunnel(std::move(downstream), std::move(upstream.stream), config_.tunnel,
                             connection);
}

// A coroutine of its own, so that all it needed is given back before the tunnel begins.
Task<TcpProxy::Upstream> TcpProxy::Connect(ConnectionContext& connection) const {
  connection.set_phase(filter::Phase::kConnect);
  connection.record().cluster = config_.cluster->name();
  upstream::ClusterDialResult dialled =
      co_await config_.cluster->Dial(connection.worker(), connection.In(kDialTimeout));
  dialled.Describe(connection.record());
  // Who cancelled the connection says why it ended.
  if (!dialled.ok() && !connection.scope().cancelled()) {
    config_.unreachable->Add(connection.worker().index);
    connection.End(kName, std::move(dialled.failure));
  }
  co_return Upstream{std::move(dialled.stream), std::move(dialled.use)};
}

}  // namespace culvert::extensions::tcp_proxy
