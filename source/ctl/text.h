// Text as it may stand on a terminal: what peers chose (user names, destinations, names in
// certificates) is made harmless, measured in columns and cut to fit. Pure; any thread.
#ifndef CULVERT_SOURCE_CTL_TEXT_H_
#define CULVERT_SOURCE_CTL_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace culvert::ctl {

// One line of UTF-8 that moves no cursor and reorders nothing: control characters (C0, C1, DEL),
// line separators and direction overrides become \n, \t or \u202e, bytes that are not UTF-8 \xff.
std::string Printable(std::string_view text);

// As above, but lines stay lines and tabs tabs.
std::string PrintableLines(std::string_view text);

// Columns that Printable() text takes: none for a combining mark, two for a wide character of East
// Asia, one for any other.
size_t Columns(std::string_view text);

// `text` in at most `columns`, its middle replaced by `…`: both ends of an address tell something.
std::string Shorten(std::string_view text, size_t columns);

// `1 tunnel`, `2 tunnels`
std::string Count(size_t count, std::string_view thing);

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_TEXT_H_
