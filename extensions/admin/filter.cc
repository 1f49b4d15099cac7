#include "extensions/admin/filter.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "source/net/socket_stream.h"

namespace culvert::extensions::admin {

using filter::AdminCaller;
using filter::AdminRole;
using filter::ConnectionContext;
using filter::StreamPtr;
using filter::Task;

Task<void> Admin::Run(StreamPtr downstream, ConnectionContext& connection) const {
  StreamPtr api = Enter(connection);
  if (api == nullptr) {
    downstream->Abort();
    co_return;
  }
  co_await filter::RunTunnel(std::move(downstream), std::move(api), config_.tunnel, connection);
}

StreamPtr Admin::Enter(ConnectionContext& connection) const {
  std::optional<AdminCaller> caller = Identify(connection);
  if (!caller) return nullptr;
  // Whoever looks at the log, or at the connections of the process, sees who it was.
  const char* group = caller->role == AdminRole::kReadWrite ? "read_write" : "read_only";
  connection.set_identity({caller->name, {group}, std::string(kName)});
  return Connect(*std::move(caller), connection);
}

std::optional<AdminCaller> Admin::Identify(ConnectionContext& connection) const {
  const access_log::TlsFacts* tls = connection.record().tls.get();
  const bool shown = tls != nullptr && (!tls->client_subject.empty() || !tls->client_names.empty());
  if (shown) {
    if (auto caller = config_.rules.Find(tls->client_subject, tls->client_names)) return caller;
  }
  config_.not_allowed->Add(connection.worker().index);
  connection.End(kName, {Side::kDownstream, Stage::kPolicy, "admin_not_allowed",
                         shown ? "no rule takes the client's certificate"
                               : "the client has shown no certificate; have tls_terminate ask for "
                                 "one (client_certificate)"});
  return std::nullopt;
}

StreamPtr Admin::Connect(AdminCaller caller, ConnectionContext& connection) const {
  const auto unavailable = [&](std::string why) -> StreamPtr {
    config_.unavailable->Add(connection.worker().index);
    connection.End(kName,
                   {Side::kLocal, Stage::kConnect, "admin_unavailable", std::move(why), true});
    return nullptr;
  };
  if (config_.gate == nullptr) return unavailable("this process has no admin API");
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    return unavailable(std::string("socketpair: ") + std::strerror(errno));
  }
  net::Fd ours(ends[0]);
  net::Fd theirs(ends[1]);
  StreamPtr stream = net::SocketStream::Create(connection.loop(), std::move(ours));
  if (stream == nullptr) return unavailable("the kernel refuses to watch another socket");
  if (!config_.gate->Adopt(std::move(theirs), std::move(caller))) {
    return unavailable("the admin API takes no more connections");
  }
  return stream;
}

}  // namespace culvert::extensions::admin
