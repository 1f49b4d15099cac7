// Where the admin API has a socket of its own: only where this machine's users alone can reach it.
// Pure functions, for any thread.
#ifndef CULVERT_SOURCE_SERVER_ADMIN_ADDRESS_H_
#define CULVERT_SOURCE_SERVER_ADMIN_ADDRESS_H_

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/culvert/config/v1/config.pb.h"
#include "source/net/address.h"

namespace culvert::server {

// Whether `process.admin.address` may be that: the path of a unix socket, or a loopback address
// with its port. The error says what to write instead.
absl::Status CheckAdminAddress(std::string_view address);

// Where the API is reached: process.admin.address, else `admin.sock` in the state directory, else
// nowhere. Pure. `state_directory` is that of the config, made absolute; empty if it has none.
absl::StatusOr<std::optional<net::SocketAddress>> AdminAddressOf(const config::v1::Process& process,
                                                                 std::string_view state_directory);

}  // namespace culvert::server

#endif  // CULVERT_SOURCE_SERVER_ADMIN_ADDRESS_H_
