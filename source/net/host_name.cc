#include "source/net/host_name.h"

#include <algorithm>

namespace culvert::net {
namespace {

constexpr size_t kMaxName = 253;
constexpr size_t kMaxLabel = 63;

// The C library's own depend on the locale.
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && std::ranges::all_of(label, [](char c) {
    return IsLower(c) || IsDigit(c) || c == '-' || c == '_';
  });
}

// As the parsers of addresses read it: decimal and octal digits, or hexadecimal behind 0x.
bool IsNumber(std::string_view label) {
  if (std::ranges::all_of(label, IsDigit)) return true;
  return label.starts_with("0x") && std::ranges::all_of(label.substr(2), [](char c) {
           return IsDigit(c) || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::optional<std::string> NormalizeHostName(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kMaxName) return std::nullopt;
  std::string name(text);
  std::ranges::transform(name, name.begin(), ToLower);
  std::string_view rest = name;
  while (true) {
    const size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (!IsLabel(label)) return std::nullopt;
    if (dot == rest.npos) return IsNumber(label) ? std::nullopt : std::optional(std::move(name));
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace culvert::net
