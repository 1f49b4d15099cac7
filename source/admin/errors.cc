#include "source/admin/errors.h"

#include <fmt/format.h>

#include <string>

#include "api/culvert/admin/v1/config.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "source/admin/config_messages.h"

namespace culvert::admin {

using server::ApplyOutcome;

namespace {

// A message is escaped on its way, which may triple it.
constexpr size_t kMostMessage = 512;
// One text within the details.
constexpr size_t kMostText = 400;

// At most `most` bytes and whole UTF-8 characters.
std::string Shortened(std::string_view text, size_t most) {
  constexpr std::string_view kMore = "...";
  if (text.size() <= most) return std::string(text);
  size_t end = most - kMore.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)).append(kMore);
}

grpc::Status Make(grpc::StatusCode code, std::string_view message) {
  return {code, Shortened(message, kMostMessage)};
}

template <class... Details>
grpc::Status WithDetails(grpc::StatusCode code, std::string_view message,
                         const Details&... details) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(Shortened(message, kMostMessage));
  (status.add_details()->PackFrom(details), ...);
  return {code, status.message(), status.SerializeAsString()};
}

// Room for what else a google.rpc.Status holds: the message once more, and type names.
constexpr size_t kMostEntries = kMostDetails - kMostMessage - 200;

grpc::Status NeedsRestart(const ApplyOutcome& outcome) {
  google::rpc::PreconditionFailure failure;
  for (const std::string& field : outcome.restart_fields) {
    auto* violation = failure.add_violations();
    violation->set_type("RESTART");
    violation->set_subject(Shortened(field, kMostText));
    violation->set_description("a change of it needs a restart");
    if (failure.ByteSizeLong() <= kMostEntries) continue;
    failure.mutable_violations()->RemoveLast();
    break;
  }
  return WithDetails(grpc::StatusCode::FAILED_PRECONDITION,
                     outcome.message.empty() ? fmt::format("a change of {} needs a restart",
                                                           fmt::join(outcome.restart_fields, ", "))
                                             : outcome.message,
                     failure);
}

}  // namespace

grpc::Status ToStatus(const ApplyOutcome& outcome) {
  switch (outcome.kind) {
    case ApplyOutcome::Kind::kApplied:
    case ApplyOutcome::Kind::kUnchanged:
    case ApplyOutcome::Kind::kChecked:
      return grpc::Status::OK;
    case ApplyOutcome::Kind::kInvalid:
      return InvalidConfig(outcome.errors);
    case ApplyOutcome::Kind::kConflict:
      return Make(grpc::StatusCode::ABORTED, outcome.message);
    case ApplyOutcome::Kind::kNeedsRestart:
      return NeedsRestart(outcome);
    case ApplyOutcome::Kind::kFailed:
      return Make(grpc::StatusCode::FAILED_PRECONDITION, outcome.message);
    case ApplyOutcome::Kind::kNotFound:
      return Make(grpc::StatusCode::NOT_FOUND, outcome.message);
    case ApplyOutcome::Kind::kUnavailable:
      return Make(grpc::StatusCode::UNAVAILABLE, outcome.message);
  }
  return Make(grpc::StatusCode::INTERNAL, "an outcome that nobody has heard of");
}

grpc::Status InvalidConfig(std::span<const config::ConfigError> errors) {
  google::rpc::BadRequest request;
  v1::ConfigErrors places;
  for (const config::ConfigError& error : errors) {
    auto* violation = request.add_field_violations();
    violation->set_field(Shortened(error.path, kMostText));
    violation->set_description(Shortened(error.message, kMostText));
    v1::ConfigError& place = *places.add_errors();
    place = ToMessage(error);
    place.set_file(Shortened(place.file(), kMostText));
    place.set_path(violation->field());
    place.set_message(violation->description());
    if (request.ByteSizeLong() + places.ByteSizeLong() <= kMostEntries) continue;
    request.mutable_field_violations()->RemoveLast();
    places.mutable_errors()->RemoveLast();
    break;
  }
  std::string message = errors.empty() ? "the config is wrong" : config::ToString(errors.front());
  if (errors.size() > 1) {
    message = fmt::format("{} errors, the first: {}", errors.size(), message);
  }
  return WithDetails(grpc::StatusCode::INVALID_ARGUMENT, message, request, places);
}

grpc::Status InvalidField(const FieldError& error) {
  google::rpc::BadRequest request;
  auto* violation = request.add_field_violations();
  violation->set_field(Shortened(error.path, kMostText));
  violation->set_description(Shortened(error.message, kMostText));
  return WithDetails(grpc::StatusCode::INVALID_ARGUMENT,
                     fmt::format("{}: {}", error.path, error.message), request);
}

grpc::Status ReadOnly() {
  return Make(grpc::StatusCode::PERMISSION_DENIED,
              "your role is read-only: it may look, but not change anything");
}

}  // namespace culvert::admin
