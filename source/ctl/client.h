// Calls to the admin API of one server, over a connection that is made at the first of them. The
// main thread's, but for what gRPC does inside. (gRPC's headers stay in client.cc.)
#ifndef CULVERT_SOURCE_CTL_CLIENT_H_
#define CULVERT_SOURCE_CTL_CLIENT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "api/culvert/admin/v1/config.pb.h"
#include "api/culvert/admin/v1/runtime.pb.h"
#include "source/ctl/address.h"
#include "source/ctl/tls_tunnel.h"

namespace grpc {
class Status;
}

namespace culvert::ctl {

namespace v1 = culvert::admin::v1;

// How a call ended.
struct Outcome {
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string message;
  // A google.rpc.Status; empty if the server gave none.
  std::string details;
  // The connection failed, or the server has ended; it may have carried out the call or not.
  bool lost = false;

  bool ok() const { return code == absl::StatusCode::kOk; }
};

struct ClientOptions {
  Address address;
  std::optional<TlsOptions> tls;
  // For connecting and for a call; watches have none.
  Duration timeout = std::chrono::seconds(30);
  // A watch that has begun is taken up again when its connection is lost, as it is when another
  // process takes the server's place: for so long it tries to.
  Duration reconnect = std::chrono::seconds(10);
};

class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();

  const ClientOptions& options() const { return options_; }

  Outcome Call(const v1::ValidateRequest& request, v1::ValidateResponse* response);
  Outcome Call(const v1::ApplyRequest& request, v1::ApplyResponse* response);
  Outcome Call(const v1::GetRequest& request, v1::GetResponse* response);
  Outcome Call(const v1::DiffRequest& request, v1::DiffResponse* response);
  Outcome Call(const v1::HistoryRequest& request, v1::HistoryResponse* response);
  Outcome Call(const v1::RollbackRequest& request, v1::ApplyResponse* response);
  Outcome Call(const v1::ListListenersRequest& request, v1::ListListenersResponse* response);
  Outcome Call(const v1::ListClustersRequest& request, v1::ListClustersResponse* response);
  Outcome Call(const v1::ListCertificatesRequest& request, v1::ListCertificatesResponse* response);
  Outcome Call(const v1::GetStatsRequest& request, v1::GetStatsResponse* response);
  Outcome Call(const v1::KillRequest& request, v1::KillResponse* response);
  Outcome Call(const v1::GetInfoRequest& request, v1::ServerInfo* response);
  Outcome Call(const v1::GetLogLevelsRequest& request, v1::LogLevels* response);
  Outcome Call(const v1::SetLogLevelRequest& request, v1::LogLevels* response);
  Outcome Call(const v1::ReopenLogsRequest& request, v1::ReopenLogsResponse* response);
  Outcome Call(const v1::DrainRequest& request, v1::DrainResponse* response);
  Outcome Call(const v1::ShutdownRequest& request, v1::ShutdownResponse* response);

  // All pages in one response.
  Outcome Call(const v1::ListConnectionsRequest& request, v1::ListConnectionsResponse* response);

  // Streams without an end of their own: until `each` is false, which is a good outcome, or the
  // server ends them, which is none.
  template <class Response>
  using Each = std::function<bool(const Response&)>;
  Outcome Watch(const v1::WatchRequest& request, const Each<v1::Version>& each);
  Outcome Watch(const v1::WatchStatsRequest& request, const Each<v1::GetStatsResponse>& each);
  // `each` gets pages; a list's last has `complete`.
  Outcome Watch(const v1::WatchConnectionsRequest& request,
                const Each<v1::ListConnectionsResponse>& each);

 private:
  struct Connection;

  // Makes the connection if there is none.
  absl::Status Connect();
  template <class Service, class Method, class Request, class Response>
  Outcome Unary(std::unique_ptr<Service> Connection::* service, Method method,
                const Request& request, Response* response);
  template <class Service, class Method, class Request, class Response>
  Outcome Stream(std::unique_ptr<Service> Connection::* service, Method method,
                 const Request& request, const Each<Response>& each, Duration limit);
  template <class Service, class Method, class Request, class Response>
  Outcome WatchOn(std::unique_ptr<Service> Connection::* service, Method method,
                  const Request& request, const Each<Response>& each);
  Outcome End(const grpc::Status& status);
  std::string ExplainLoss(std::string reason) const;

  const ClientOptions options_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_CLIENT_H_
