#include "source/ctl/invocation.h"

#include <fmt/format.h>

#include <charconv>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "source/base/status.h"
#include "source/base/units.h"
#include "source/base/version.h"

namespace culvert::ctl {
namespace {

// Nothing where the error has no detail of that kind.
template <class Detail>
std::optional<Detail> FindDetail(const Outcome& outcome) {
  google::rpc::Status status;
  Detail detail;
  if (!status.ParseFromString(outcome.details)) return std::nullopt;
  for (const auto& any : status.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

// Below the message, unless that says the same.
void WarnOfViolation(const Console& console, const std::string& message, const std::string& subject,
                     const std::string& description) {
  const std::string line = fmt::format("{}: {}", subject, description);
  if (message.find(line) == std::string::npos) console.Warn("  " + line);
}

std::string ErrorLine(const v1::ConfigError& error) {
  std::string line = error.file();
  if (error.line() != 0) line += fmt::format(":{}:{}", error.line(), error.column());
  for (const std::string& part : {error.path(), error.message()}) {
    if (!part.empty()) line += (line.empty() ? "" : ": ") + part;
  }
  return line;
}

}  // namespace

int Invocation::WrongUsage(std::string_view message) const {
  console.Warn(
      fmt::format("culvertctl {}: {}; see culvertctl {} --help", command, message, command));
  return kWrongUsage;
}

int Invocation::Fail(std::string_view message) const {
  console.Warn(fmt::format("culvertctl: {}", message));
  return kNo;
}

int Invocation::Refuse(const Outcome& outcome) const {
  if (const auto errors = FindDetail<v1::ConfigErrors>(outcome)) {
    for (const auto& error : errors->errors()) console.Warn(ErrorLine(error));
    if (json) PrintJson(*errors);
    if (!errors->errors().empty()) return kNo;
  }
  switch (outcome.code) {
    case absl::StatusCode::kDeadlineExceeded:
      return Fail(fmt::format(
          "no answer from {} within {}; what was asked for may still be "
          "carried out; --timeout waits longer",
          client.options().address.ToString(), FormatDuration(client.options().timeout)));
    case absl::StatusCode::kUnimplemented:
      return Fail(
          fmt::format("the server at {} does not know '{}': it is older than this "
                      "culvertctl ({})",
                      client.options().address.ToString(), command, kVersion));
    default:
      break;
  }
  if (outcome.lost) return Fail(outcome.message);
  console.Warn(fmt::format("culvertctl {}: {}", command, outcome.message));
  if (const auto failure = FindDetail<google::rpc::PreconditionFailure>(outcome)) {
    for (const auto& violation : failure->violations()) {
      WarnOfViolation(console, outcome.message, violation.subject(), violation.description());
    }
  }
  if (const auto request = FindDetail<google::rpc::BadRequest>(outcome)) {
    for (const auto& violation : request->field_violations()) {
      WarnOfViolation(console, outcome.message, violation.field(), violation.description());
    }
  }
  return kNo;
}

int Invocation::PrintJson(const google::protobuf::Message& message, JsonForm form) const {
  const auto text = ToJson(message, form);
  if (!text.ok()) return Fail(fmt::format("no JSON: {}", Message(text.status())));
  console.Print(*text);
  return kDone;
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<WatchPace> ReadWatchPace(const Invocation& invocation, int* exit_status) {
  WatchPace pace;
  if (const auto text = invocation.arguments.Get(kIntervalOption.name)) {
    const auto interval = ParseDuration(*text);
    if (!interval.ok() || *interval < std::chrono::milliseconds(100)) {
      *exit_status = invocation.WrongUsage(
          fmt::format("--interval is a duration from 100ms, such as 2s, not '{}'", *text));
      return std::nullopt;
    }
    pace.interval = *interval;
  }
  if (const auto text = invocation.arguments.Get(kCountOption.name)) {
    pace.count = ParseNumber(*text);
    if (!pace.count || *pace.count == 0) {
      *exit_status =
          invocation.WrongUsage(fmt::format("--count is a number from 1, not '{}'", *text));
      return std::nullopt;
    }
  }
  return pace;
}

}  // namespace culvert::ctl
