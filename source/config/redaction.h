// Takes secrets out of messages before they are shown. Pure functions, for any thread.
#ifndef CULVERT_SOURCE_CONFIG_REDACTION_H_
#define CULVERT_SOURCE_CONFIG_REDACTION_H_

#include <string_view>

#include "google/protobuf/message.h"

namespace culvert::config {

constexpr std::string_view kRedacted = "[redacted]";

// What is wrong with a config that has kRedacted where a secret belongs: somebody loads what was
// printed.
constexpr std::string_view kRedactedError =
    "was left out when this config was printed; write the secret itself, or name its file";

// Replaces the value of every field whose rules say that it is a secret, at any depth and inside of
// Any. An Any that cannot be looked into loses its value, as it may hold secrets.
void RedactSecrets(google::protobuf::Message& message);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_REDACTION_H_
