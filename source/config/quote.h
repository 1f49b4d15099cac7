// Text of a config file made safe to show in an error: one line, no control characters, not too
// long. Pure.
#ifndef CULVERT_SOURCE_CONFIG_QUOTE_H_
#define CULVERT_SOURCE_CONFIG_QUOTE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace culvert::config {

// `text` with control characters as escapes, cut after this many bytes.
std::string Printable(std::string_view text, size_t max_size = 64);

// Printable() between single quotes.
std::string Quoted(std::string_view text);

// `"text"` with the escapes that YAML and JSON read back.
std::string DoubleQuoted(std::string_view text);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_QUOTE_H_
