#include "source/config/converter.h"

#include <algorithm>
#include <unordered_map>

#include "fmt/format.h"
#include "source/config/field_path.h"
#include "source/config/quote.h"
#include "source/config/scalar.h"
#include "source/config/schema.h"
#include "source/config/suggestion.h"

namespace culvert::config {
namespace {

namespace pb = google::protobuf;

// Up to so many it is quicker to look at each than to hash.
constexpr size_t kFewEntries = 16;

std::string ExpectedMap(const Node& node, const pb::Descriptor& message) {
  if (node.kind == Node::Kind::kNull) {
    return "expected a map, found nothing; write '{}' for an empty one, or remove the field";
  }
  const std::vector<std::string> names = FieldNames(message);
  return fmt::format("expected a map, found {}; write its fields: {}", Describe(node),
                     QuotedList(names));
}

std::string ExpectedList(const Node& node) {
  if (node.kind == Node::Kind::kNull) {
    return "expected a list, found nothing; write '[]' for an empty one, or remove the field";
  }
  return fmt::format("expected a list, found {}; write it as a list", Describe(node));
}

}  // namespace

void Converter::ConvertMessage(const Node& node, const Path& path, pb::Message& message) {
  const pb::Descriptor& type = *message.GetDescriptor();
  if (IsAny(type)) return ConvertAny(node, path, static_cast<pb::Any&>(message));
  if (&type == v1::Filter::descriptor()) {
    return ConvertFilter(node, path, static_cast<v1::Filter&>(message));
  }
  if (IsListWrapper(type) && node.kind != Node::Kind::kMap) {
    return ConvertList(node, path, *type.field(0), message);
  }
  if (node.kind != Node::Kind::kMap) {
    return diagnostics_.Reject(path, ExpectedMap(node, type));
  }
  ConvertFields(node, path, "", message);
}

void Converter::ConvertFields(const Node& node, const Path& path, std::string_view form_key,
                              pb::Message& message) {
  const pb::Descriptor& type = *message.GetDescriptor();
  std::unordered_map<const pb::OneofDescriptor*, std::string> chosen;
  for (const Node::Entry* entry : UniqueEntries(node, path)) {
    const pb::FieldDescriptor* field = type.FindFieldByName(entry->key);
    if (field == nullptr) {
      if (!form_key.empty() && entry->key == form_key) continue;
      ReportUnknownField(*entry, path, type);
      continue;
    }
    const Path field_path = FieldPath(path, *field);
    diagnostics_.sources().Add(field_path, entry->key_position);
    if (const pb::OneofDescriptor* oneof = field->real_containing_oneof()) {
      const auto [first, is_first] = chosen.emplace(oneof, entry->key);
      if (!is_first) {
        diagnostics_.Add(field_path,
                         fmt::format("excludes '{}'; keep one of the two", first->second));
        continue;
      }
    }
    if (field->is_map()) {
      ConvertMap(entry->value, field_path, *field, message);
    } else if (field->is_repeated()) {
      ConvertList(entry->value, field_path, *field, message);
    } else {
      ConvertValue(entry->value, field_path, *field, message);
    }
  }
}

void Converter::ConvertList(const Node& node, const Path& path, const pb::FieldDescriptor& field,
                            pb::Message& message) {
  if (node.kind != Node::Kind::kList) {
    return diagnostics_.Reject(path, ExpectedList(node));
  }
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Path item_path = path.Item(static_cast<int>(i));
    diagnostics_.sources().Add(item_path, node.items[i].position);
    ConvertValue(node.items[i], item_path, field, message);
  }
}

void Converter::ConvertMap(const Node& node, const Path& path, const pb::FieldDescriptor& field,
                           pb::Message& message) {
  if (node.kind != Node::Kind::kMap) {
    return diagnostics_.Reject(path, fmt::format("expected a map, found {}", Describe(node)));
  }
  const pb::Descriptor& entry_type = *field.message_type();
  for (const Node::Entry* entry : UniqueEntries(node, path)) {
    const std::string key_name = Printable(entry->key);
    const Path item_path = path.Field(key_name);
    diagnostics_.sources().Add(item_path, entry->key_position);
    pb::Message& item = *message.GetReflection()->AddMessage(&message, &field);
    const Node key = MakeScalar(entry->key_position, entry->key, false);
    ConvertValue(key, item_path, *entry_type.map_key(), item);
    ConvertValue(entry->value, item_path, *entry_type.map_value(), item);
  }
}

void Converter::ConvertValue(const Node& node, const Path& path, const pb::FieldDescriptor& field,
                             pb::Message& message) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (!IsScalar(field)) {
    return ConvertMessage(node, path,
                          field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                              : *reflection.MutableMessage(&message, &field));
  }
  const auto error = SetScalar(node, field, message);
  if (!error) return;
  diagnostics_.Reject(path, *error);
  // Keeps the numbers of the items after it those of the file.
  if (field.is_repeated() && field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
    reflection.AddString(&message, &field, "");
  }
}

std::vector<const Node::Entry*> Converter::UniqueEntries(const Node& map, const Path& path) {
  std::unordered_map<std::string_view, const Node::Entry*> large;
  std::vector<const Node::Entry*> entries;
  entries.reserve(map.entries.size());
  for (const Node::Entry& entry : map.entries) {
    const Node::Entry* first = nullptr;
    if (map.entries.size() > kFewEntries) {
      first = large.emplace(entry.key, &entry).first->second;
    } else {
      const auto found = std::ranges::find(entries, entry.key, &Node::Entry::key);
      first = found == entries.end() ? &entry : *found;
    }
    if (first == &entry) {
      entries.push_back(&entry);
    } else {
      diagnostics_.AddAt(
          entry.key_position, path.Field(Printable(entry.key)).ToString(),
          fmt::format("is given twice, first in line {}; remove one", first->key_position.line));
    }
  }
  return entries;
}

void Converter::ReportUnknownField(const Node::Entry& entry, const Path& path,
                                   const pb::Descriptor& message) {
  const std::vector<std::string> known = FieldNames(message);
  diagnostics_.AddAt(entry.key_position, path.Field(Printable(entry.key)).ToString(),
                     "unknown field" + DidYouMean(entry.key, known));
  if (const auto meant = Suggest(entry.key, known)) {
    diagnostics_.Excuse(FieldPath(path, *message.FindFieldByName(*meant)));
  }
}

}  // namespace culvert::config
