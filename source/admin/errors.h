// Failures as gRPC carries them: a code, a sentence, and for programs the details that google.rpc
// defines. Pure functions, for any thread.
#ifndef CULVERT_SOURCE_ADMIN_ERRORS_H_
#define CULVERT_SOURCE_ADMIN_ERRORS_H_

#include <grpcpp/support/status.h>

#include <span>
#include <string_view>

#include "source/base/field_error.h"
#include "source/config/config_error.h"
#include "source/server/config_manager.h"

namespace culvert::admin {

// What details may take up. Clients accept 8 KiB of trailers unless they were told otherwise, and
// drop the whole answer for one byte more; on the wire details grow by a third.
inline constexpr size_t kMostDetails = 4096;

// OK where the outcome is no failure.
grpc::Status ToStatus(const server::ApplyOutcome& outcome);

// INVALID_ARGUMENT with BadRequest and ConfigErrors: as many of the errors as fit.
grpc::Status InvalidConfig(std::span<const config::ConfigError> errors);

// INVALID_ARGUMENT with BadRequest: one field of the request itself.
grpc::Status InvalidField(const FieldError& error);

// PERMISSION_DENIED: the caller may only look.
grpc::Status ReadOnly();

}  // namespace culvert::admin

#endif  // CULVERT_SOURCE_ADMIN_ERRORS_H_
