// The part of the converter that reads filters, in both forms, and messages of any type.
#include <algorithm>

#include "fmt/format.h"
#include "source/config/converter.h"
#include "source/config/field_path.h"
#include "source/config/filter_form.h"
#include "source/config/quote.h"
#include "source/config/schema.h"
#include "source/config/suggestion.h"

namespace culvert::config {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kName = "name";
constexpr std::string_view kTypedConfig = "typed_config";
constexpr std::string_view kType = "@type";

const Node* FindValue(const Node& map, std::string_view key) {
  const auto entry = std::find_if(map.entries.begin(), map.entries.end(),
                                  [key](const Node::Entry& entry) { return entry.key == key; });
  return entry == map.entries.end() ? nullptr : &entry->value;
}

bool IsCanonical(const Node& map) {
  return FindValue(map, kName) != nullptr || FindValue(map, kTypedConfig) != nullptr;
}

std::string SeveralNames(const Node& map) {
  std::vector<std::string> names;
  for (const Node::Entry& entry : map.entries) names.push_back(entry.key);
  return fmt::format(
      "a filter has one name, found {}; begin each filter with '- ' and indent its settings below "
      "its name",
      QuotedList(names));
}

}  // namespace

void Converter::ConvertAny(const Node& node, const Path& path, pb::Any& any) {
  if (node.kind != Node::Kind::kMap) {
    return diagnostics_.Reject(
        path, fmt::format("expected a map with '@type', found {}", Describe(node)));
  }
  const Node* type_url = FindValue(node, kType);
  if (type_url == nullptr || type_url->kind != Node::Kind::kScalar) {
    return diagnostics_.Reject(
        path, "'@type' is missing; write 'type.googleapis.com/' and the name of the message");
  }
  any.set_type_url(type_url->text);
  const pb::Descriptor* type = FindMessageByUrl(type_url->text);
  // The validator reports types that do not exist, for every format.
  if (type == nullptr) return;
  const auto message = NewMessage(*type);
  ConvertFields(node, path, kType, *message);
  any.PackFrom(*message);
}

void Converter::ConvertFilter(const Node& node, const Path& path, v1::Filter& filter) {
  if (node.kind == Node::Kind::kScalar) {
    return ConvertShortFilter(node.text, MakeNode(Node::Kind::kNull, node.position), path, filter);
  }
  if (node.kind != Node::Kind::kMap || node.entries.empty()) {
    return diagnostics_.Reject(
        path, fmt::format("expected a filter, found {}; write its name and settings, as in "
                          "'- name: {{...}}'",
                          node.kind == Node::Kind::kMap ? "an empty map" : Describe(node)));
  }
  if (IsCanonical(node)) return ConvertCanonicalFilter(node, path, filter);
  if (node.entries.size() > 1) return diagnostics_.Reject(path, SeveralNames(node));
  const Node::Entry& entry = node.entries.front();
  diagnostics_.sources().Add(path.Field(Printable(entry.key)), entry.key_position);
  ConvertShortFilter(entry.key, entry.value, path, filter);
}

void Converter::ConvertShortFilter(const std::string& name, const Node& settings, const Path& path,
                                   v1::Filter& filter) {
  filter.set_name(name);
  const std::string settings_name = SettingsName(filter);
  const Path settings_path = path.Field(settings_name);
  const pb::Descriptor* type = FindFilterType(name, filter_names_);
  if (type == nullptr) {
    diagnostics_.Add(settings_path, UnknownFilter(name, filter_names_));
    return diagnostics_.Excuse(path);
  }
  const auto message = NewMessage(*type);
  if (settings.kind != Node::Kind::kNull) ConvertMessage(settings, settings_path, *message);
  filter.mutable_typed_config()->PackFrom(*message);
}

void Converter::ConvertCanonicalFilter(const Node& node, const Path& path, v1::Filter& filter) {
  const Node::Entry* typed_config = nullptr;
  for (const Node::Entry* entry : UniqueEntries(node, path)) {
    const Path entry_path = path.Field(entry->key);
    if (entry->key == kTypedConfig) {
      typed_config = entry;
    } else if (entry->key == kName) {
      diagnostics_.sources().Add(entry_path, entry->key_position);
      ConvertValue(entry->value, entry_path,
                   *v1::Filter::descriptor()->FindFieldByNumber(v1::Filter::kNameFieldNumber),
                   filter);
    } else {
      ReportUnknownField(*entry, path, *v1::Filter::descriptor());
    }
  }
  if (typed_config == nullptr) return;
  // The path of the settings depends on the name, or on the type where the name is missing.
  const Node* type_url = FindValue(typed_config->value, kType);
  if (type_url != nullptr) filter.mutable_typed_config()->set_type_url(type_url->text);
  const std::string settings_name = SettingsName(filter);
  const Path settings_path = path.Field(settings_name);
  diagnostics_.sources().Add(settings_path, typed_config->key_position);
  ConvertAny(typed_config->value, settings_path, *filter.mutable_typed_config());
}

}  // namespace culvert::config
