// The filter of `admin`. One object serves all connections of a chain, on every worker.
#ifndef CULVERT_EXTENSIONS_ADMIN_FILTER_H_
#define CULVERT_EXTENSIONS_ADMIN_FILTER_H_

#include <optional>
#include <string_view>
#include <utility>

#include "extensions/admin/rules.h"
#include "source/filter/admin_gate.h"
#include "source/filter/filter.h"
#include "source/filter/tunnel.h"
#include "source/stats/metric.h"

namespace culvert::extensions::admin {

inline constexpr std::string_view kName = "admin";

struct Config {
  Rules rules;
  // Outlives the filter; null in a process that has no admin API.
  filter::AdminGate* gate = nullptr;
  filter::TunnelOptions tunnel;
  stats::Counter* not_allowed = nullptr;
  stats::Counter* unavailable = nullptr;
};

class Admin final : public filter::StreamTerminal {
 public:
  explicit Admin(Config config) : config_(std::move(config)) {}

  filter::Task<void> Run(filter::StreamPtr downstream,
                         filter::ConnectionContext& connection) const override;

 private:
  // What leads to the API; null, with the reason in the record, for who is not to come there.
  filter::StreamPtr Enter(filter::ConnectionContext& connection) const;
  std::optional<filter::AdminCaller> Identify(filter::ConnectionContext& connection) const;
  filter::StreamPtr Connect(filter::AdminCaller caller,
                            filter::ConnectionContext& connection) const;

  const Config config_;
};

}  // namespace culvert::extensions::admin

#endif  // CULVERT_EXTENSIONS_ADMIN_FILTER_H_
