#include "source/http/syntax.h"

#include <array>

namespace culvert::http {
namespace {

using ByteSet = std::array<bool, 256>;

constexpr bool IsAlphanumeric(int c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr ByteSet MakeTokenBytes() {
  ByteSet set{};
  for (int c = 0; c < 256; ++c) set[c] = IsAlphanumeric(c);
  for (unsigned char c : std::string_view("!#$%&'*+-.^_`|~")) set[c] = true;
  return set;
}

constexpr ByteSet MakeFieldValueBytes() {
  ByteSet set{};
  for (int c = 0; c < 256; ++c) set[c] = c == '\t' || (c >= ' ' && c != 0x7f);
  return set;
}

constexpr ByteSet MakeTargetBytes() {
  ByteSet set{};
  for (int c = '!'; c <= '~'; ++c) set[c] = c != '#';
  return set;
}

constexpr ByteSet kTokenBytes = MakeTokenBytes();
constexpr ByteSet kFieldValueBytes = MakeFieldValueBytes();
constexpr ByteSet kTargetBytes = MakeTargetBytes();

bool AllIn(const ByteSet& set, std::string_view text) {
  return std::all_of(text.begin(), text.end(), [&set](unsigned char c) { return set[c]; });
}

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

}  // namespace

bool IsTokenChar(char c) { return kTokenBytes[static_cast<unsigned char>(c)]; }

bool IsToken(std::string_view text) { return !text.empty() && AllIn(kTokenBytes, text); }

bool IsFieldValue(std::string_view text) { return AllIn(kFieldValueBytes, text); }

bool IsTargetText(std::string_view text) { return !text.empty() && AllIn(kTargetBytes, text); }

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ToLower(x) == ToLower(y); });
}

std::string_view TrimWhitespace(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

}  // namespace culvert::http
