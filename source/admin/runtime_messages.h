// What a running process has and does: from the values of the server to the messages of the API.
// Pure functions, for any thread.
#ifndef CULVERT_SOURCE_ADMIN_RUNTIME_MESSAGES_H_
#define CULVERT_SOURCE_ADMIN_RUNTIME_MESSAGES_H_

#include <optional>
#include <string>
#include <string_view>

#include "api/culvert/admin/v1/runtime.pb.h"
#include "source/base/field_error.h"
#include "source/base/time.h"
#include "source/filter/certificate_facts.h"
#include "source/server/connection_info.h"
#include "source/server/snapshot.h"
#include "source/stats/snapshot.h"
#include "source/upstream/cluster.h"

namespace culvert::admin {

// `bound_address`: where the listener really listens.
v1::Listener ToMessage(const server::ListenerSnapshot& listener, std::string bound_address);
v1::Cluster ToMessage(const upstream::Cluster& cluster, TimePoint now);
v1::Certificate ToMessage(const filter::CertificateFacts& certificate, const std::string& listener);
// Without rates.
v1::Connection ToMessage(const server::ConnectionInfo& connection);

// Those metrics whose name contains `filter`.
v1::GetStatsResponse ToMessage(const stats::Snapshot& metrics, std::string_view filter);

// Nothing, and what is wrong in `error`, if no connection could ever match.
std::optional<server::ConnectionQuery> FromMessage(const v1::ConnectionFilter& filter,
                                                   FieldError& error);

// How often a watch is to look: 1 s, or `interval` where the request has it. Nothing, and what is
// wrong in `error`, if that is under 100 ms.
std::optional<Duration> IntervalOf(bool present, const google::protobuf::Duration& interval,
                                   FieldError& error);

}  // namespace culvert::admin

#endif  // CULVERT_SOURCE_ADMIN_RUNTIME_MESSAGES_H_
