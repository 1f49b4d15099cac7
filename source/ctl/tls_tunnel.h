// TLS from the client's side around a connected socket: plain bytes go in and out at one end of a
// socket pair, for a gRPC that is linked without TLS. Opened and destroyed on the caller's thread;
// a thread of its own does all that is between.
#ifndef CULVERT_SOURCE_CTL_TLS_TUNNEL_H_
#define CULVERT_SOURCE_CTL_TLS_TUNNEL_H_

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "source/base/time.h"
#include "source/net/fd.h"
#include "source/tls/certificate.h"

namespace culvert::ctl {

struct TlsOptions {
  // Authorities that the server's certificate must come from; empty: those that the system trusts.
  std::string ca_file = {};
  // What is shown when the server asks for a certificate; both or neither.
  std::string certificate_file = {};
  std::string key_file = {};
  // The name or IP address that the server's certificate must be for. Names are sent as SNI too.
  std::string server_name = {};
};

class TlsTunnel {
 public:
  // Shakes hands with whom `socket` leads to. The error says in words what is wrong with a file,
  // with the server's certificate, or with TLS.
  static absl::StatusOr<std::unique_ptr<TlsTunnel>> Open(net::Fd socket, const TlsOptions& options,
                                                         TimePoint deadline);
  // Closes the connection if the user of the plain end has not.
  ~TlsTunnel();
  TlsTunnel(const TlsTunnel&) = delete;
  TlsTunnel& operator=(const TlsTunnel&) = delete;

  // Non-blocking; to be taken once.
  net::Fd TakePlainEnd() { return std::move(plain_end_); }

  // What ended the connection, such as the server's alert about a certificate that it did not get;
  // empty if nothing went wrong. Any thread.
  std::string error() const;

 private:
  TlsTunnel(net::Fd socket, bssl::UniquePtr<SSL> ssl)
      : socket_(std::move(socket)), ssl_(std::move(ssl)) {}

  absl::Status Start(TimePoint deadline);
  absl::Status Handshake(TimePoint deadline);

  net::Fd socket_;
  bssl::UniquePtr<SSL> ssl_;
  net::Fd plain_end_;
  net::Fd inner_end_;
  mutable std::mutex mutex_;
  std::string error_;
  std::thread thread_;
};

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_TLS_TUNNEL_H_
