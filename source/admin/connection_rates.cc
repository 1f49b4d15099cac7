#include "source/admin/connection_rates.h"

#include <utility>

namespace culvert::admin {
namespace {

double Rate(uint64_t before, uint64_t after, std::chrono::duration<double> time) {
  // The clock may have been set back.
  if (after <= before || time.count() <= 0) return 0;
  return static_cast<double>(after - before) / time.count();
}

}  // namespace

void ConnectionRates::Set(const server::ConnectionInfo& connection, Time now,
                          v1::Connection& message) {
  const auto found = before_.find(connection.id);
  const Count before = found != before_.end() ? found->second : Count{.time = connection.start};
  message.set_receive_rate(Rate(before.received, connection.bytes_received, now - before.time));
  message.set_send_rate(Rate(before.sent, connection.bytes_sent, now - before.time));
  seen_[connection.id] = {now, connection.bytes_received, connection.bytes_sent};
}

void ConnectionRates::EndRound() { before_ = std::exchange(seen_, {}); }

}  // namespace culvert::admin
