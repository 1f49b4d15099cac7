// Serves the requests of one connection after another, each through the http filters in order.
#ifndef CULVERT_EXTENSIONS_HTTP_TERMINAL_H_
#define CULVERT_EXTENSIONS_HTTP_TERMINAL_H_

#include <string_view>
#include <vector>

#include "source/filter/filter.h"
#include "source/http/http1_connection.h"
#include "source/stats/metric.h"

namespace culvert::extensions::http {

inline constexpr std::string_view kName = "http";

struct Stats {
  stats::Counter* requests;
  stats::Counter* refused;
  stats::Counter* unclaimed;
};

class Terminal final : public filter::StreamTerminal {
 public:
  Terminal(culvert::http::Http1Options options, Stats stats,
           std::vector<filter::HttpFilterPtr> filters)
      : options_(options), stats_(stats), filters_(std::move(filters)) {}

  filter::Task<void> Run(filter::StreamPtr downstream,
                         filter::ConnectionContext& connection) const override;

 private:
  filter::Task<void> Serve(culvert::http::Http1Connection& http,
                           filter::ConnectionContext& connection) const;
  filter::Task<void> Refuse(culvert::http::Http1Connection& http,
                            filter::ConnectionContext& connection,
                            culvert::http::Http1Connection::Outcome outcome) const;

  const culvert::http::Http1Options options_;
  const Stats stats_;
  const std::vector<filter::HttpFilterPtr> filters_;
};

}  // namespace culvert::extensions::http

#endif  // CULVERT_EXTENSIONS_HTTP_TERMINAL_H_
