#include "source/config/schema.h"

namespace culvert::config {

namespace pb = google::protobuf;

const v1::FieldRules& RulesOf(const pb::FieldDescriptor& field) {
  return field.options().GetExtension(v1::rules);
}

bool IsAny(const pb::Descriptor& message) {
  return message.well_known_type() == pb::Descriptor::WELLKNOWNTYPE_ANY;
}

bool IsDuration(const pb::Descriptor& message) {
  return message.well_known_type() == pb::Descriptor::WELLKNOWNTYPE_DURATION;
}

bool IsListWrapper(const pb::Descriptor& message) {
  return message.field_count() == 1 && message.field(0)->is_repeated() &&
         !message.field(0)->is_map();
}

std::string FieldPath(std::string_view path, const pb::FieldDescriptor& field) {
  if (IsListWrapper(*field.containing_type())) return std::string(path);
  return JoinPath(path, field.name());
}

Path FieldPath(const Path& path, const pb::FieldDescriptor& field) {
  return IsListWrapper(*field.containing_type()) ? path : path.Field(field.name());
}

std::vector<std::string> FieldNames(const pb::Descriptor& message) {
  std::vector<std::string> names;
  for (int i = 0; i < message.field_count(); ++i) names.push_back(message.field(i)->name());
  return names;
}

std::vector<std::string> FieldNames(const pb::OneofDescriptor& oneof) {
  std::vector<std::string> names;
  for (int i = 0; i < oneof.field_count(); ++i) names.push_back(oneof.field(i)->name());
  return names;
}

std::vector<std::string> ValueNames(const pb::EnumDescriptor& values) {
  std::vector<std::string> names;
  for (int i = 0; i < values.value_count(); ++i) names.push_back(values.value(i)->name());
  return names;
}

const pb::Descriptor* FindMessage(std::string_view full_name) {
  return pb::DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(full_name));
}

const pb::Descriptor* FindMessageByUrl(std::string_view type_url) {
  if (!type_url.starts_with(kTypePrefix)) return nullptr;
  return FindMessage(type_url.substr(kTypePrefix.size()));
}

std::unique_ptr<pb::Message> NewMessage(const pb::Descriptor& message) {
  const pb::Message* prototype = pb::MessageFactory::generated_factory()->GetPrototype(&message);
  return std::unique_ptr<pb::Message>(prototype->New());
}

std::unique_ptr<pb::Message> Unpack(const pb::Any& any) {
  const pb::Descriptor* type = FindMessageByUrl(any.type_url());
  if (type == nullptr) return nullptr;
  std::unique_ptr<pb::Message> message = NewMessage(*type);
  if (!message->ParseFromString(any.value())) return nullptr;
  return message;
}

}  // namespace culvert::config
