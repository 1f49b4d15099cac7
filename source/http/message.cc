#include "source/http/message.h"

#include <algorithm>

#include "source/http/syntax.h"

namespace culvert::http {
namespace {

auto Named(std::string_view name) {
  return [name](const auto& field) { return EqualsIgnoreCase(field.name, name); };
}

template <typename Fields>
std::optional<std::string_view> FindIn(const Fields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), Named(name));
  if (found == fields.end()) return std::nullopt;
  return found->value;
}

}  // namespace

std::optional<std::string_view> MessageHead::Find(std::string_view name) const {
  return FindIn(fields, name);
}

size_t MessageHead::Count(std::string_view name) const {
  return std::count_if(fields.begin(), fields.end(), Named(name));
}

size_t MessageHead::Remove(std::string_view name) { return std::erase_if(fields, Named(name)); }

bool MessageHead::HasListToken(std::string_view name, std::string_view token) const {
  bool found = false;
  for (const HeaderField& field : fields) {
    if (!EqualsIgnoreCase(field.name, name)) continue;
    ForEachListItem(field.value,
                    [&](std::string_view item) { found |= EqualsIgnoreCase(item, token); });
  }
  return found;
}

bool HeaderList::Add(std::string_view name, std::string_view value) {
  if (!IsToken(name) || !IsFieldValue(value)) return false;
  fields_.push_back({std::string(name), std::string(TrimWhitespace(value))});
  return true;
}

bool HeaderList::Set(std::string_view name, std::string_view value) {
  if (!IsToken(name) || !IsFieldValue(value)) return false;
  Field field{std::string(name), std::string(TrimWhitespace(value))};
  Remove(field.name);
  fields_.push_back(std::move(field));
  return true;
}

size_t HeaderList::Remove(std::string_view name) { return std::erase_if(fields_, Named(name)); }

std::optional<std::string_view> HeaderList::Find(std::string_view name) const {
  return FindIn(fields_, name);
}

}  // namespace culvert::http
