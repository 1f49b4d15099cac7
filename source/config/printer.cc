#include "source/config/printer.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/text_format.h"
#include "source/base/base64.h"
#include "source/base/units.h"
#include "source/config/quote.h"
#include "source/config/redaction.h"
#include "source/config/schema.h"

namespace culvert::config {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/";
constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/0123456789.-";

// Words that some reader of YAML takes for something else than a string.
bool IsReserved(std::string_view text) {
  std::string lower;
  for (char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no",
                                         "on",   "off",   "y",    "n"};
  return std::ranges::find(kWords, lower) != std::end(kWords);
}

std::string YamlString(std::string_view text) {
  const bool is_plain = !text.empty() && kLetters.find(text.front()) != kLetters.npos &&
                        text.find_first_not_of(kPlain) == text.npos && !IsReserved(text);
  return is_plain ? std::string(text) : DoubleQuoted(text);
}

std::string DurationText(const pb::Duration& duration) {
  return FormatDuration(std::chrono::seconds(duration.seconds()) +
                        std::chrono::nanoseconds(duration.nanos()));
}

bool IsNested(const pb::FieldDescriptor& field) {
  return field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE &&
         !IsDuration(*field.message_type());
}

// The value of a singular field, or item `index` of a list, on one line.
std::string Scalar(const pb::Message& message, const pb::FieldDescriptor& field, int index) {
  const pb::Reflection& r = *message.GetReflection();
  const bool one = !field.is_repeated();
  if (RulesOf(field).secret()) return DoubleQuoted(kRedacted);
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
    return DurationText(static_cast<const pb::Duration&>(
        one ? r.GetMessage(message, &field) : r.GetRepeatedMessage(message, &field, index)));
  }
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
    const std::string value =
        one ? r.GetString(message, &field) : r.GetRepeatedString(message, &field, index);
    return field.type() == pb::FieldDescriptor::TYPE_BYTES ? DoubleQuoted(Base64Encode(value))
                                                           : YamlString(value);
  }
  if (RulesOf(field).byte_size() && one) {
    return FormatByteSize(field.cpp_type() == pb::FieldDescriptor::CPPTYPE_UINT32
                              ? r.GetUInt32(message, &field)
                              : r.GetUInt64(message, &field));
  }
  // Numbers, booleans and names of enum values read the same in both formats.
  std::string text;
  pb::TextFormat::PrintFieldValueToString(message, &field, one ? -1 : index, &text);
  return text;
}

class Printer {
 public:
  // The fields of `message`, one to a line, at this depth of indentation. Appends nothing if none
  // is set.
  void Fields(const pb::Message& message, int indent) {
    std::vector<const pb::FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const pb::FieldDescriptor* field : fields) Field(message, *field, indent);
  }

  std::string Take() { return std::move(text_); }

 private:
  void Field(const pb::Message& message, const pb::FieldDescriptor& field, int indent) {
    const pb::Reflection& reflection = *message.GetReflection();
    Indent(indent);
    text_ += field.name() + ":";
    if (field.is_map()) return Map(message, field, indent + 1);
    if (field.is_repeated()) return List(message, field, indent);
    if (!IsNested(field)) {
      text_ += fmt::format(" {}\n", Scalar(message, field, 0));
    } else {
      Value(reflection.GetMessage(message, &field), indent);
    }
  }

  // What follows `name:`, in the form of messages of this type.
  void Value(const pb::Message& message, int indent) {
    const pb::Descriptor& type = *message.GetDescriptor();
    if (IsListWrapper(type)) return List(message, *type.field(0), indent);
    if (IsAny(type)) return Any(static_cast<const pb::Any&>(message), indent);
    const size_t before = text_.size();
    text_ += "\n";
    Fields(message, indent + 1);
    if (text_.size() == before + 1) text_.replace(before, 1, " {}\n");
  }

  void Any(const pb::Any& any, int indent) {
    text_ += "\n";
    Indent(indent + 1);
    text_ += fmt::format("\"@type\": {}\n", any.type_url());
    if (const auto inner = Unpack(any)) Fields(*inner, indent + 1);
  }

  void List(const pb::Message& message, const pb::FieldDescriptor& field, int indent) {
    const pb::Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, &field);
    if (size == 0 || !IsNested(field)) {
      std::string items;
      for (int i = 0; i < size; ++i) items += (i == 0 ? "" : ", ") + Scalar(message, field, i);
      text_ += fmt::format(" [{}]\n", items);
      return;
    }
    text_ += "\n";
    for (int i = 0; i < size; ++i) Item(reflection.GetRepeatedMessage(message, &field, i), indent);
  }

  void Item(const pb::Message& message, int indent) {
    if (message.GetDescriptor() == v1::Filter::descriptor()) {
      return Filter(static_cast<const v1::Filter&>(message), indent);
    }
    const size_t start = text_.size();
    Fields(message, indent + 1);
    Indent(indent);
    // The dash takes the place of the first field's indentation.
    if (text_.size() == start + indent * kStep) {
      text_ += "- {}\n";
    } else {
      text_.resize(text_.size() - indent * kStep);
      text_.replace(start + indent * kStep, kStep, "- ");
    }
  }

  void Filter(const v1::Filter& filter, int indent) {
    Indent(indent);
    text_ += fmt::format("- {}:", YamlString(filter.name()));
    if (const auto settings = Unpack(filter.typed_config())) return Value(*settings, indent + 1);
    text_ += " {}\n";
  }

  void Map(const pb::Message& message, const pb::FieldDescriptor& field, int indent) {
    const pb::FieldDescriptor& key = *field.message_type()->map_key();
    const pb::FieldDescriptor& value = *field.message_type()->map_value();
    const pb::Reflection& reflection = *message.GetReflection();
    text_ += "\n";
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const pb::Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      Indent(indent);
      text_ += Scalar(entry, key, 0) + ":";
      if (IsNested(value)) {
        Value(entry.GetReflection()->GetMessage(entry, &value), indent);
      } else {
        text_ += fmt::format(" {}\n", Scalar(entry, value, 0));
      }
    }
  }

  void Indent(int indent) { text_.append(indent * kStep, ' '); }

  static constexpr size_t kStep = 2;

  std::string text_;
};

}  // namespace

std::string ToShortYaml(const v1::Config& config) {
  Printer printer;
  printer.Fields(config, 0);
  const std::string text = printer.Take();
  return text.empty() ? "{}\n" : text;
}

}  // namespace culvert::config
