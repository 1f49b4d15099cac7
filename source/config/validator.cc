#include "source/config/validator.h"

#include <chrono>
#include <vector>

#include "fmt/format.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/unknown_field_set.h"
#include "source/base/units.h"
#include "source/config/consistency.h"
#include "source/config/field_path.h"
#include "source/config/filter_form.h"
#include "source/config/quote.h"
#include "source/config/range.h"
#include "source/config/redaction.h"
#include "source/config/schema.h"
#include "source/config/suggestion.h"
#include "source/config/utf8.h"

namespace culvert::config {
namespace {

namespace pb = google::protobuf;
using std::chrono::milliseconds;

class Validator {
 public:
  Validator(const Names& names, std::span<const std::string> filter_names, Diagnostics& diagnostics)
      : names_(names), filter_names_(filter_names), diagnostics_(diagnostics) {}

  void CheckMessage(const pb::Message& message, const Path& path) {
    CheckUnknownFields(message, path);
    const pb::Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
      CheckOneof(message, *type.oneof_decl(i), path);
    }
    for (int i = 0; i < type.field_count(); ++i) {
      CheckField(message, *type.field(i), FieldPath(path, *type.field(i)));
    }
  }

 private:
  void Report(const Path& path, std::string_view message) {
    if (!diagnostics_.Excused(path)) diagnostics_.Add(path, message);
  }

  // Only the binary format brings them this far.
  void CheckUnknownFields(const pb::Message& message, const Path& path) {
    const pb::UnknownFieldSet& unknown = message.GetReflection()->GetUnknownFields(message);
    for (int i = 0; i < unknown.field_count(); ++i) {
      Report(path, fmt::format("unknown field number {} of {}; remove it",
                               unknown.field(i).number(), message.GetDescriptor()->full_name()));
    }
  }

  void CheckOneof(const pb::Message& message, const pb::OneofDescriptor& oneof, const Path& path) {
    if (message.GetReflection()->HasOneof(message, &oneof)) return;
    for (int i = 0; i < oneof.field_count(); ++i) {
      if (diagnostics_.Excused(FieldPath(path, *oneof.field(i)))) return;
    }
    const std::vector<std::string> names = FieldNames(oneof);
    Report(path, fmt::format("nothing is chosen; add one of {}", QuotedList(names)));
  }

  void CheckField(const pb::Message& message, const pb::FieldDescriptor& field, const Path& path) {
    const pb::Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
      const int size = reflection.FieldSize(message, &field);
      if (size == 0) CheckAbsent(field, path);
      for (int i = 0; i < size; ++i) CheckValue(message, field, i, path.Item(i));
      return;
    }
    const bool has = reflection.HasField(message, &field);
    std::string scratch;
    const bool is_empty_string = has && field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING &&
                                 reflection.GetStringReference(message, &field, &scratch).empty();
    if (is_empty_string || !has) CheckAbsent(field, path);
    if (has || IsWrittenZero(field, path)) CheckValue(message, field, kSingular, path);
  }

  // Zero that was written is a value, though the message cannot tell it from nothing. Where it is a
  // good one, nobody needs to know.
  bool IsWrittenZero(const pb::FieldDescriptor& field, const Path& path) const {
    return RulesOf(field).minimum() > 0 && diagnostics_.sources().Contains(path);
  }

  void CheckAbsent(const pb::FieldDescriptor& field, const Path& path) {
    if (!RulesOf(field).required()) return;
    if (diagnostics_.sources().Contains(path)) {
      Report(path, "must not be empty; give a value");
    } else {
      Report(path, fmt::format("is required; add '{}'", field.name()));
    }
  }

  // The value of a singular field, or item `index` of a list.
  void CheckValue(const pb::Message& message, const pb::FieldDescriptor& field, int index,
                  const Path& path) {
    const pb::Reflection& r = *message.GetReflection();
    const bool one = index == kSingular;
    std::string scratch;
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        // A null in the file has a position but no value.
        if (one && !r.HasField(message, &field)) return;
        return CheckChild(
            one ? r.GetMessage(message, &field) : r.GetRepeatedMessage(message, &field, index),
            field, path);
      case pb::FieldDescriptor::CPPTYPE_STRING:
        return CheckString(one ? r.GetStringReference(message, &field, &scratch)
                               : r.GetRepeatedStringReference(message, &field, index, &scratch),
                           field, path);
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        return CheckEnum(
            one ? r.GetEnumValue(message, &field) : r.GetRepeatedEnumValue(message, &field, index),
            field, path);
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return CheckRange(
            one ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index), field,
            path);
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return CheckRange(
            one ? r.GetInt64(message, &field) : r.GetRepeatedInt64(message, &field, index), field,
            path);
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return CheckRange(
            one ? r.GetUInt32(message, &field) : r.GetRepeatedUInt32(message, &field, index), field,
            path);
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return CheckRange(
            one ? r.GetUInt64(message, &field) : r.GetRepeatedUInt64(message, &field, index), field,
            path);
      default:
        return;
    }
  }

  void CheckChild(const pb::Message& child, const pb::FieldDescriptor& field, const Path& path) {
    const pb::Descriptor& type = *child.GetDescriptor();
    if (IsDuration(type))
      return CheckDuration(static_cast<const pb::Duration&>(child), field, path);
    if (IsAny(type)) return CheckAny(static_cast<const pb::Any&>(child), path);
    if (&type == v1::Filter::descriptor()) {
      return CheckFilterMessage(static_cast<const v1::Filter&>(child), path);
    }
    CheckMessage(child, path);
  }

  void CheckFilterMessage(const v1::Filter& filter, const Path& path) {
    CheckUnknownFields(filter, path);
    CheckField(filter, *filter.GetDescriptor()->FindFieldByNumber(v1::Filter::kNameFieldNumber),
               path.Field("name"));
    CheckFilter(filter, path, filter_names_, diagnostics_);
    if (!filter.has_typed_config()) return;
    const std::string name = SettingsName(filter);
    CheckAny(filter.typed_config(), path.Field(name));
  }

  void CheckAny(const pb::Any& any, const Path& path) {
    if (const auto message = Unpack(any)) return CheckMessage(*message, path);
    if (FindMessageByUrl(any.type_url()) == nullptr) {
      Report(path, fmt::format("unknown type {}", Quoted(any.type_url())));
    } else {
      Report(path, fmt::format("does not hold a {}", Quoted(any.type_url())));
    }
  }

  void CheckString(const std::string& value, const pb::FieldDescriptor& field, const Path& path) {
    if (field.type() == pb::FieldDescriptor::TYPE_STRING) {
      if (value.find('\0') != value.npos) Report(path, "holds a NUL character; remove it");
      // Escapes in protobuf text can make such strings.
      if (FindBadUtf8(value)) Report(path, "is not UTF-8 text; remove the bad bytes");
    }
    if (value == kRedacted && RulesOf(field).secret()) Report(path, kRedactedError);
    const v1::Reference kind = RulesOf(field).reference();
    // A field that was left out refers to nothing; an item of a list has to refer to something.
    if (value.empty() && !field.is_repeated()) return;
    if (const auto error = names_.CheckReference(kind, value)) Report(path, *error);
  }

  void CheckEnum(int number, const pb::FieldDescriptor& field, const Path& path) {
    if (field.enum_type()->FindValueByNumber(number) != nullptr) return;
    const std::vector<std::string> names = ValueNames(*field.enum_type());
    Report(path, fmt::format("unknown value {}; use one of {}", number, QuotedList(names)));
  }

  template <typename Integer>
  void CheckRange(Integer value, const pb::FieldDescriptor& field, const Path& path) {
    if (!RangeOf(field).Contains(value)) Report(path, OutOfRange(field));
  }

  void CheckDuration(const pb::Duration& duration, const pb::FieldDescriptor& field,
                     const Path& path) {
    constexpr int32_t kNanosPerSecond = 1'000'000'000;
    if (duration.seconds() < 0 || duration.nanos() < 0 || duration.nanos() >= kNanosPerSecond) {
      return Report(path, "a duration cannot be negative, nor have a second of nanoseconds");
    }
    if (duration.seconds() > std::chrono::seconds(kMaxDuration).count()) {
      return Report(path, fmt::format("is too long; at most '{}h'", kMaxDuration.count()));
    }
    const std::chrono::nanoseconds value =
        std::chrono::seconds(duration.seconds()) + std::chrono::nanoseconds(duration.nanos());
    const v1::FieldRules& rules = RulesOf(field);
    if (rules.has_minimum_ms() && value < milliseconds(rules.minimum_ms())) {
      Report(path, fmt::format("is too short; at least '{}'",
                               FormatDuration(milliseconds(rules.minimum_ms()))));
    } else if (rules.has_maximum_ms() && value > milliseconds(rules.maximum_ms())) {
      Report(path, fmt::format("is too long; at most '{}'",
                               FormatDuration(milliseconds(rules.maximum_ms()))));
    }
  }

  static constexpr int kSingular = -1;

  const Names& names_;
  const std::span<const std::string> filter_names_;
  Diagnostics& diagnostics_;
};

}  // namespace

void Validate(const v1::Config& config, std::span<const std::string> filter_names,
              Diagnostics& diagnostics) {
  const Names names(config, diagnostics);
  Validator(names, filter_names, diagnostics).CheckMessage(config, Path());
}

}  // namespace culvert::config
