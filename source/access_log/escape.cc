#include "source/access_log/escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace culvert::access_log {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr std::string_view kCut = "...";

// One character, or one byte that belongs to none.
struct Sequence {
  size_t length;
  char32_t code_point;
  bool valid;
};

uint8_t Byte(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. `text` is not empty.
Sequence NextSequence(std::string_view text) {
  constexpr Sequence kInvalid = {1, 0, false};
  const uint8_t lead = Byte(text, 0);
  if (lead < 0x80) return {1, lead, true};
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return kInvalid;
  char32_t code_point = lead & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((Byte(text, i) & 0xc0) != 0x80) return kInvalid;
    code_point = code_point << 6 | (Byte(text, i) & 0x3f);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < kSmallest[length] || surrogate || code_point > 0x10ffff) return kInvalid;
  return {length, code_point, true};
}

// Controls, and the characters that break, hide or reorder text where a line is shown.
bool IsUnsafe(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x61c || c == 0xfeff;
}

bool IsPlain(char c) { return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\'; }

// The start of `value` that is written, ending where a character ends.
std::string_view Clip(std::string_view value) {
  if (value.size() <= kMaxValueSize) return value;
  size_t end = kMaxValueSize;
  while (end > kMaxValueSize - 3 && (Byte(value, end) & 0xc0) == 0x80) --end;
  return value.substr(0, end);
}

// Appends `value` in quotes. What JSON and text escape alike is done here; `escape` appends the
// rest, which is bytes that are no UTF-8 and unsafe characters without a short form.
template <typename Escape>
void AppendQuoted(std::string_view value, std::string& out, Escape escape) {
  const std::string_view shown = Clip(value);
  out += '"';
  size_t at = 0;
  while (at < shown.size()) {
    const auto run = std::find_if_not(shown.begin() + at, shown.end(), IsPlain);
    out.append(shown.begin() + at, run);
    at = run - shown.begin();
    if (at == shown.size()) break;
    const Sequence next = NextSequence(shown.substr(at));
    if (next.valid && (next.code_point == '"' || next.code_point == '\\')) {
      out += '\\';
      out += shown[at];
    } else if (next.valid && next.code_point == '\n') {
      out += "\\n";
    } else if (next.valid && next.code_point == '\r') {
      out += "\\r";
    } else if (next.valid && next.code_point == '\t') {
      out += "\\t";
    } else if (next.valid && !IsUnsafe(next.code_point)) {
      out += shown.substr(at, next.length);
    } else {
      escape(next, Byte(shown, at));
    }
    at += next.length;
  }
  if (shown.size() < value.size()) out += kCut;
  out += '"';
}

// Every unsafe character is in the basic plane, so four digits are enough.
void AppendCodePoint(char32_t code_point, std::string& out) {
  fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<uint32_t>(code_point));
}

}  // namespace

void AppendJsonString(std::string_view value, std::string& out) {
  AppendQuoted(value, out, [&out](Sequence sequence, uint8_t) {
    if (sequence.valid) {
      AppendCodePoint(sequence.code_point, out);
    } else {
      out += kReplacement;
    }
  });
}

void AppendTextValue(std::string_view value, std::string& out) {
  const bool plain =
      value.size() <= kMaxValueSize && value != "-" &&
      std::all_of(value.begin(), value.end(), [](char c) { return IsPlain(c) && c != ' '; });
  if (plain) {
    out += value.empty() ? "-" : value;
    return;
  }
  AppendQuoted(value, out, [&out](Sequence sequence, uint8_t byte) {
    if (sequence.valid && sequence.code_point >= 0x80) {
      AppendCodePoint(sequence.code_point, out);
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    }
  });
}

}  // namespace culvert::access_log
