// Answers as JSON, with the names that the .proto files have. Pure; any thread.
#ifndef CULVERT_SOURCE_CTL_JSON_H_
#define CULVERT_SOURCE_CTL_JSON_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/statusor.h"

namespace culvert::ctl {

enum class JsonForm {
  kIndented,  // fields without a value as well, so that scripts need not ask for them
  kSparse,    // indented, without them: for configs
  kLine,      // one line, for streams
};

// With its line end. An error: the message holds one (a filter's) that this program does not know.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message,
                                   JsonForm form = JsonForm::kIndented);

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_JSON_H_
