#include "source/ctl/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "source/config/utf8.h"

namespace culvert::ctl {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode 15, EastAsianWidth W and F, in the coarse blocks that terminals use.
constexpr std::array<Range, 12> kWide = {{{0x1100, 0x115f},
                                          {0x2e80, 0x303e},
                                          {0x3041, 0x33ff},
                                          {0x3400, 0x4dbf},
                                          {0x4e00, 0x9fff},
                                          {0xa000, 0xa4cf},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff00, 0xff60},
                                          {0x1f300, 0x1faff},
                                          {0x20000, 0x3fffd}}};
constexpr std::array<Range, 6> kCombining = {{{0x0300, 0x036f},
                                              {0x1ab0, 0x1aff},
                                              {0x1dc0, 0x1dff},
                                              {0x20d0, 0x20ff},
                                              {0xfe00, 0xfe0f},
                                              {0xfe20, 0xfe2f}}};
// C0, DEL and C1; marks, line separators and overrides of direction; the byte order mark.
constexpr std::array<Range, 7> kUnsafe = {{{0x00, 0x1f},
                                           {0x7f, 0x9f},
                                           {0x061c, 0x061c},
                                           {0x200b, 0x200f},
                                           {0x2028, 0x202e},
                                           {0x2060, 0x206f},
                                           {0xfeff, 0xfeff}}};

bool IsIn(char32_t c, std::span<const Range> ranges) {
  return std::ranges::any_of(ranges, [c](const Range& r) { return c >= r.first && c <= r.last; });
}

// The character that `text`, well-formed and not empty, begins with, and its length in bytes.
std::pair<char32_t, size_t> First(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  char32_t c = byte(0) & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) c = (c << 6) | (byte(i) & 0x3f);
  return {c, length};
}

size_t ColumnsOf(char32_t c) { return IsIn(c, kCombining) ? 0 : IsIn(c, kWide) ? 2 : 1; }

std::string Escape(char32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  return fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
}

std::string MakePrintable(std::string_view text, std::string_view kept) {
  std::string printable;
  while (!text.empty()) {
    const size_t good = config::FindBadUtf8(text).value_or(text.size());
    for (std::string_view rest = text.substr(0, good); !rest.empty();) {
      const auto [c, length] = First(rest);
      const bool keep = length == 1 && kept.find(rest.front()) != std::string_view::npos;
      printable += keep || !IsIn(c, kUnsafe) ? std::string(rest.substr(0, length)) : Escape(c);
      rest.remove_prefix(length);
    }
    text.remove_prefix(good);
    if (text.empty()) break;
    printable += fmt::format("\\x{:02x}", static_cast<uint8_t>(text.front()));
    text.remove_prefix(1);
  }
  return printable;
}

}  // namespace

std::string Printable(std::string_view text) { return MakePrintable(text, ""); }

std::string PrintableLines(std::string_view text) { return MakePrintable(text, "\n\t"); }

size_t Columns(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const auto [c, length] = First(text);
    columns += ColumnsOf(c);
    text.remove_prefix(length);
  }
  return columns;
}

std::string Shorten(std::string_view text, size_t columns) {
  if (Columns(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  // Where each character begins, to walk from both ends.
  std::vector<size_t> starts;
  for (size_t at = 0; at < text.size(); at += First(text.substr(at)).second) starts.push_back(at);
  const size_t head_room = columns / 2;
  size_t head = 0;
  size_t used = 0;
  for (; used + ColumnsOf(First(text.substr(starts[head])).first) <= head_room; ++head) {
    used += ColumnsOf(First(text.substr(starts[head])).first);
  }
  size_t tail = starts.size();
  for (; used + ColumnsOf(First(text.substr(starts[tail - 1])).first) + 1 <= columns; --tail) {
    used += ColumnsOf(First(text.substr(starts[tail - 1])).first);
  }
  const std::string_view front = text.substr(0, starts[head]);
  const std::string_view back =
      tail == starts.size() ? std::string_view() : text.substr(starts[tail]);
  return fmt::format("{}…{}", front, back);
}

std::string Count(size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

}  // namespace culvert::ctl
