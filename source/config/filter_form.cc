#include "source/config/filter_form.h"

#include <algorithm>
#include <cctype>

#include "fmt/format.h"
#include "source/config/quote.h"
#include "source/config/schema.h"
#include "source/config/suggestion.h"

namespace culvert::config {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kExtensionPackage = "culvert.extensions.";

std::string PascalCase(std::string_view name) {
  std::string result;
  bool begins_word = true;
  for (char c : name) {
    if (c != '_') result += begins_word ? static_cast<char>(std::toupper(c)) : c;
    begins_word = c == '_';
  }
  return result;
}

// The name whose settings are of this type by the convention; empty if there is none.
std::string NameOfType(std::string_view type_url) {
  const pb::Descriptor* type = FindMessageByUrl(type_url);
  if (type == nullptr || !type->full_name().starts_with(kExtensionPackage)) return "";
  std::string name = type->full_name().substr(kExtensionPackage.size());
  name.resize(std::min(name.find('.'), name.size()));
  return FilterTypeName(name) == type->full_name() ? name : "";
}

void CompleteFilters(pb::RepeatedPtrField<v1::Filter>& filters,
                     std::span<const std::string> known) {
  for (v1::Filter& filter : filters) {
    if (filter.has_typed_config()) continue;
    if (const pb::Descriptor* type = FindFilterType(filter.name(), known)) {
      filter.mutable_typed_config()->PackFrom(*NewMessage(*type));
    }
  }
}

}  // namespace

std::string FilterTypeName(std::string_view name) {
  return fmt::format("{}{}.v1.{}", kExtensionPackage, name, PascalCase(name));
}

const pb::Descriptor* FindFilterType(std::string_view name, std::span<const std::string> known) {
  if (std::find(known.begin(), known.end(), name) == known.end()) return nullptr;
  return FindMessage(FilterTypeName(name));
}

std::string UnknownFilter(std::string_view name, std::span<const std::string> known) {
  return fmt::format("unknown filter {}{}", Quoted(name), DidYouMean(name, known));
}

std::string SettingsName(const v1::Filter& filter) {
  std::string name = filter.name();
  if (name.empty()) name = NameOfType(filter.typed_config().type_url());
  return name.empty() ? "typed_config" : Printable(name);
}

void CompleteFilters(v1::Config& config, std::span<const std::string> known) {
  for (v1::Listener& listener : *config.mutable_listeners()) {
    CompleteFilters(*listener.mutable_filters(), known);
    for (v1::FilterChain& chain : *listener.mutable_filter_chains()) {
      CompleteFilters(*chain.mutable_filters(), known);
    }
  }
}

void CheckFilter(const v1::Filter& filter, const Path& path, std::span<const std::string> known,
                 Diagnostics& diagnostics) {
  if (filter.name().empty() || diagnostics.Excused(path)) return;
  const pb::Descriptor* type = FindFilterType(filter.name(), known);
  if (type == nullptr) {
    return diagnostics.Reject(path.Field("name"), UnknownFilter(filter.name(), known));
  }
  const std::string expected = fmt::format("{}{}", kTypePrefix, type->full_name());
  const std::string& found = filter.typed_config().type_url();
  if (found == expected) return;
  const std::string name = SettingsName(filter);
  const Path settings_path = path.Field(name);
  if (diagnostics.Excused(settings_path)) return;
  diagnostics.Reject(settings_path,
                     fmt::format("the type of {} is {}; write {}", Quoted(filter.name()),
                                 Quoted(found), Quoted(expected)));
}

}  // namespace culvert::config
