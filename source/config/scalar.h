// One scalar of a config file into one field of a message. Pure, for any thread.
#ifndef CULVERT_SOURCE_CONFIG_SCALAR_H_
#define CULVERT_SOURCE_CONFIG_SCALAR_H_

#include <optional>
#include <string>

#include "google/protobuf/message.h"
#include "source/config/node.h"

namespace culvert::config {

// True for the types that are written as one scalar: all but messages, and
// google.protobuf.Duration.
bool IsScalar(const google::protobuf::FieldDescriptor& field);

// Reads `node` as the type of `field` and sets it in `message`, or appends it if the field is a
// list. On error leaves the field alone and returns what is wrong and what to do; secrets are not
// repeated in it.
std::optional<std::string> SetScalar(const Node& node,
                                     const google::protobuf::FieldDescriptor& field,
                                     google::protobuf::Message& message);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_SCALAR_H_
