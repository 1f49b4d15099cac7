#include "source/ctl/json.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include "source/base/status.h"

namespace culvert::ctl {

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message, JsonForm form) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = form != JsonForm::kLine;
  options.always_print_primitive_fields = form != JsonForm::kSparse;
  std::string json;
  const google::protobuf::LogSilencer silencer;  // it would complain on the standard error
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) {
    return InvalidArgument({status.message().data(), status.message().size()});
  }
  if (!json.ends_with('\n')) json += '\n';
  return json;
}

}  // namespace culvert::ctl
