#include "source/config/quote.h"

#include "fmt/format.h"

namespace culvert::config {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string Escape(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\t') {
      escaped += "\\t";
    } else if (IsControl(c)) {
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string Printable(std::string_view text, size_t max_size) {
  if (text.size() <= max_size) return Escape(text);
  size_t length = max_size;
  while (length > 0 && IsContinuation(text[length])) --length;
  return Escape(text.substr(0, length)) + "...";
}

std::string Quoted(std::string_view text) { return fmt::format("'{}'", Printable(text)); }

std::string DoubleQuoted(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += IsControl(c) ? Escape({&c, 1}) : std::string(1, c);
  }
  return '"' + escaped + '"';
}

}  // namespace culvert::config
