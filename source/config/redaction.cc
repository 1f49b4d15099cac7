#include "source/config/redaction.h"

#include <string>
#include <vector>

#include "google/protobuf/any.pb.h"
#include "source/config/schema.h"

namespace culvert::config {
namespace {

namespace pb = google::protobuf;

void RedactField(pb::Message& message, const pb::FieldDescriptor& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_STRING) {
    return reflection.ClearField(&message, &field);
  }
  if (!field.is_repeated()) return reflection.SetString(&message, &field, std::string(kRedacted));
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    reflection.SetRepeatedString(&message, &field, i, std::string(kRedacted));
  }
}

void RedactAny(pb::Any& any) {
  if (const auto inner = Unpack(any)) {
    RedactSecrets(*inner);
    any.PackFrom(*inner);
  } else {
    any.clear_value();
  }
}

}  // namespace

void RedactSecrets(pb::Message& message) {
  if (IsAny(*message.GetDescriptor())) return RedactAny(static_cast<pb::Any&>(message));
  const pb::Reflection& reflection = *message.GetReflection();
  // Fields that the schema does not know may be secrets of a newer one.
  reflection.MutableUnknownFields(&message)->Clear();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (RulesOf(*field).secret()) {
      RedactField(message, *field);
    } else if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    } else if (!field->is_repeated()) {
      RedactSecrets(*reflection.MutableMessage(&message, field));
    } else {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        RedactSecrets(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    }
  }
}

}  // namespace culvert::config
