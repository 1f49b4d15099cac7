// The filter of `tls_terminate`. One object serves all connections of a chain, on every worker.
#ifndef CULVERT_EXTENSIONS_TLS_TERMINATE_FILTER_H_
#define CULVERT_EXTENSIONS_TLS_TERMINATE_FILTER_H_

#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "source/filter/filter.h"
#include "source/net/io_result.h"
#include "source/stats/metric.h"
#include "source/tls/server_context.h"
#include "source/tls/tls_stream.h"

namespace culvert::extensions::tls_terminate {

inline constexpr std::string_view kName = "tls_terminate";

// Why handshakes fail: in the access log and as the label of a counter.
inline constexpr std::array<std::string_view, 11> kFailureReasons = {
    "tls_handshake_timeout",
    "closed_during_handshake",
    "reset_during_handshake",
    "not_tls",
    "tls_unsupported_version",
    "tls_no_shared_cipher",
    "tls_no_shared_protocol",
    "tls_no_client_certificate",
    "tls_client_certificate_refused",
    "tls_refused_by_client",
    "tls_handshake_failed"};

struct Stats {
  stats::Counter* tls12;
  stats::Counter* tls13;
  stats::Counter* resumed;
  std::array<stats::Counter*, kFailureReasons.size()> failures;  // in the order of the reasons
  stats::Histogram* duration;
};

struct Config {
  std::shared_ptr<const tls::ServerContext> server;
  Stats stats;
  Duration handshake_timeout = std::chrono::seconds(10);
};

class TlsTerminate final : public filter::StreamFilter {
 public:
  explicit TlsTerminate(Config config) : config_(std::move(config)) {}

  filter::Task<filter::StreamPtr> Accept(filter::StreamPtr downstream,
                                         filter::ConnectionContext& connection) const override;

 private:
  void NoteSuccess(const tls::TlsStream& stream, filter::ConnectionContext& connection) const;
  void NoteFailure(const tls::TlsStream& stream, net::IoError error,
                   filter::ConnectionContext& connection) const;

  const Config config_;
};

}  // namespace culvert::extensions::tls_terminate

#endif  // CULVERT_EXTENSIONS_TLS_TERMINATE_FILTER_H_
