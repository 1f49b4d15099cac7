// What the loader asks of message descriptors: the rules of fields, the forms that messages are
// written in, and the messages inside google.protobuf.Any. Pure; descriptors are the generated ones
// and live as long as the process.
#ifndef CULVERT_SOURCE_CONFIG_SCHEMA_H_
#define CULVERT_SOURCE_CONFIG_SCHEMA_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/culvert/config/v1/rules.pb.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "source/config/field_path.h"

namespace culvert::config {

// What stands before the name of a message in the `@type` of an Any.
constexpr std::string_view kTypePrefix = "type.googleapis.com/";

const v1::FieldRules& RulesOf(const google::protobuf::FieldDescriptor& field);

bool IsAny(const google::protobuf::Descriptor& message);
bool IsDuration(const google::protobuf::Descriptor& message);

// A message of nothing but one list: there to put a list into a oneof, and written as that list.
// In paths its name stands for the list: `identity_providers[0].users[1].name`.
bool IsListWrapper(const google::protobuf::Descriptor& message);

// The path of a field of the message at `path`.
std::string FieldPath(std::string_view path, const google::protobuf::FieldDescriptor& field);
Path FieldPath(const Path& path, const google::protobuf::FieldDescriptor& field);

std::vector<std::string> FieldNames(const google::protobuf::Descriptor& message);
std::vector<std::string> FieldNames(const google::protobuf::OneofDescriptor& oneof);
std::vector<std::string> ValueNames(const google::protobuf::EnumDescriptor& values);

// The linked message of this full name, or null.
const google::protobuf::Descriptor* FindMessage(std::string_view full_name);

// The linked message that `type_url` names, or null.
const google::protobuf::Descriptor* FindMessageByUrl(std::string_view type_url);

// An empty message of a linked type.
std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor& message);

// The message inside `any`; null if its type is not linked or its bytes are not of that type.
std::unique_ptr<google::protobuf::Message> Unpack(const google::protobuf::Any& any);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_SCHEMA_H_
