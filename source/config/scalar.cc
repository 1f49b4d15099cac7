#include "source/config/scalar.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "fmt/format.h"
#include "google/protobuf/duration.pb.h"
#include "source/base/base64.h"
#include "source/base/status.h"
#include "source/base/units.h"
#include "source/config/quote.h"
#include "source/config/range.h"
#include "source/config/redaction.h"
#include "source/config/schema.h"
#include "source/config/suggestion.h"

namespace culvert::config {
namespace {

namespace pb = google::protobuf;

using Error = std::optional<std::string>;

// Sets a singular field or appends to a list by the pair of Reflection's functions for its type.
template <typename Set, typename Add, typename Value>
void Store(Set set, Add add, const pb::FieldDescriptor& field, pb::Message& message, Value value) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    (reflection.*add)(&message, &field, std::move(value));
  } else {
    (reflection.*set)(&message, &field, std::move(value));
  }
}

std::string Expected(std::string_view what, const Node& node) {
  if (node.kind == Node::Kind::kNull) {
    return fmt::format("expected {}, found nothing; give a value or remove the field", what);
  }
  if (node.kind != Node::Kind::kScalar) {
    return fmt::format("expected {}, found {}; write one value", what, Describe(node));
  }
  if (node.quoted) {
    return fmt::format("expected {}, found a string; remove the quotes", what);
  }
  return fmt::format("expected {}, found {}", what, Quoted(node.text));
}

template <typename Number>
bool ParseWhole(std::string_view text, Number& value, std::errc& error) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  error = result.ec;
  return result.ec != std::errc::invalid_argument && result.ptr == text.data() + text.size();
}

template <typename Integer, typename Set, typename Add>
Error SetInteger(const Node& node, const pb::FieldDescriptor& field, pb::Message& message, Set set,
                 Add add) {
  if (node.kind != Node::Kind::kScalar || node.quoted) return Expected("a whole number", node);
  // Wide enough for a negative number to be told from no number, whatever the type of the field.
  std::errc error{};
  int64_t negative = 0;
  uint64_t positive = 0;
  const bool is_negative = node.text.starts_with('-');
  const bool is_whole =
      is_negative ? ParseWhole(node.text, negative, error) : ParseWhole(node.text, positive, error);
  if (!is_whole) return Expected("a whole number", node);
  const Range range = RangeOf(field);
  const bool fits = is_negative ? range.Contains(negative) : range.Contains(positive);
  if (error != std::errc() || !fits) return OutOfRange(field);
  Store(set, add, field, message, static_cast<Integer>(is_negative ? negative : positive));
  return std::nullopt;
}

template <typename Integer, typename Set, typename Add>
Error SetByteSize(const Node& node, const pb::FieldDescriptor& field, pb::Message& message, Set set,
                  Add add) {
  if (node.kind != Node::Kind::kScalar) return Expected("a size", node);
  if (node.text.starts_with('-')) return OutOfRange(field);
  const auto bytes = ParseByteSize(node.text);
  if (!bytes.ok()) return std::string(Message(bytes.status()));
  if (!RangeOf(field).Contains(*bytes)) return OutOfRange(field);
  Store(set, add, field, message, static_cast<Integer>(*bytes));
  return std::nullopt;
}

template <typename Integer, typename Set, typename Add>
Error SetNumber(const Node& node, const pb::FieldDescriptor& field, pb::Message& message, Set set,
                Add add) {
  return RulesOf(field).byte_size() ? SetByteSize<Integer>(node, field, message, set, add)
                                    : SetInteger<Integer>(node, field, message, set, add);
}

template <typename Float, typename Set, typename Add>
Error SetFloat(const Node& node, const pb::FieldDescriptor& field, pb::Message& message, Set set,
               Add add) {
  if (node.kind != Node::Kind::kScalar || node.quoted) return Expected("a number", node);
  Float value = 0;
  std::errc error{};
  if (!ParseWhole(node.text, value, error) || !std::isfinite(value)) {
    return Expected("a number", node);
  }
  if (error != std::errc()) return "out of range; write a smaller number";
  Store(set, add, field, message, value);
  return std::nullopt;
}

Error SetBool(const Node& node, const pb::FieldDescriptor& field, pb::Message& message) {
  const bool is_bool = node.text == "true" || node.text == "false";
  if (node.kind != Node::Kind::kScalar || node.quoted || !is_bool) {
    return Expected("true or false", node);
  }
  Store(&pb::Reflection::SetBool, &pb::Reflection::AddBool, field, message, node.text == "true");
  return std::nullopt;
}

Error SetEnum(const Node& node, const pb::FieldDescriptor& field, pb::Message& message) {
  const std::vector<std::string> names = ValueNames(*field.enum_type());
  if (node.kind != Node::Kind::kScalar) {
    return fmt::format("expected a name, found {}; use one of {}", Describe(node),
                       QuotedList(names));
  }
  const pb::EnumValueDescriptor* value = field.enum_type()->FindValueByName(node.text);
  if (value == nullptr) {
    return fmt::format("unknown value {}{}", Quoted(node.text), DidYouMean(node.text, names));
  }
  Store(&pb::Reflection::SetEnum, &pb::Reflection::AddEnum, field, message, value);
  return std::nullopt;
}

Error SetString(const Node& node, const pb::FieldDescriptor& field, pb::Message& message) {
  // Numbers too, as they stand: `ports: [443]`.
  if (node.kind != Node::Kind::kScalar) return Expected("a string", node);
  Store(&pb::Reflection::SetString, &pb::Reflection::AddString, field, message, node.text);
  return std::nullopt;
}

Error SetBytes(const Node& node, const pb::FieldDescriptor& field, pb::Message& message) {
  if (node.kind != Node::Kind::kScalar) return Expected("a string in base64", node);
  if (node.text == kRedacted && RulesOf(field).secret()) return std::string(kRedactedError);
  const auto bytes = Base64Decode(node.text);
  if (!bytes) return "not base64; encode the bytes as with 'base64 -w0'";
  Store(&pb::Reflection::SetString, &pb::Reflection::AddString, field, message, *bytes);
  return std::nullopt;
}

Error SetDuration(const Node& node, const pb::FieldDescriptor& field, pb::Message& message) {
  if (node.kind != Node::Kind::kScalar) return Expected("a duration such as '10s'", node);
  const auto parsed = ParseDuration(node.text);
  if (!parsed.ok()) return std::string(Message(parsed.status()));
  pb::Duration duration;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*parsed);
  duration.set_seconds(seconds.count());
  duration.set_nanos(static_cast<int32_t>((*parsed - seconds).count()));
  const pb::Reflection& reflection = *message.GetReflection();
  pb::Message* target = field.is_repeated() ? reflection.AddMessage(&message, &field)
                                            : reflection.MutableMessage(&message, &field);
  target->CopyFrom(duration);
  return std::nullopt;
}

}  // namespace

bool IsScalar(const pb::FieldDescriptor& field) {
  return field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE ||
         IsDuration(*field.message_type());
}

std::optional<std::string> SetScalar(const Node& node, const pb::FieldDescriptor& field,
                                     pb::Message& message) {
  using R = pb::Reflection;
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return SetNumber<int32_t>(node, field, message, &R::SetInt32, &R::AddInt32);
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return SetNumber<int64_t>(node, field, message, &R::SetInt64, &R::AddInt64);
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return SetNumber<uint32_t>(node, field, message, &R::SetUInt32, &R::AddUInt32);
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return SetNumber<uint64_t>(node, field, message, &R::SetUInt64, &R::AddUInt64);
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return SetFloat<double>(node, field, message, &R::SetDouble, &R::AddDouble);
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return SetFloat<float>(node, field, message, &R::SetFloat, &R::AddFloat);
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return SetBool(node, field, message);
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(node, field, message);
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return field.type() == pb::FieldDescriptor::TYPE_BYTES ? SetBytes(node, field, message)
                                                             : SetString(node, field, message);
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return SetDuration(node, field, message);
  }
  return "a type that config files cannot hold";
}

}  // namespace culvert::config
