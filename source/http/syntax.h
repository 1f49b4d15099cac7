// The lexical rules of HTTP (RFC 9110, 5.5 and 5.6): which bytes may stand where, lists, case.
// Pure functions over views; any thread.
#ifndef CULVERT_SOURCE_HTTP_SYNTAX_H_
#define CULVERT_SOURCE_HTTP_SYNTAX_H_

#include <algorithm>
#include <string_view>

namespace culvert::http {

// A byte of a method or of a field name (RFC 9110, 5.6.2: tchar).
bool IsTokenChar(char c);

// One or more token bytes.
bool IsToken(std::string_view text);

// Only visible ASCII, spaces, tabs and bytes from 0x80 on (RFC 9110, 5.5): no control character, no
// NUL, no CR, no LF. May be empty.
bool IsFieldValue(std::string_view text);

// One or more visible ASCII bytes without `#`. Wider than RFC 3986 (SSTP puts braces into its
// path), but nothing in it can end a request line or start a fragment.
bool IsTargetText(std::string_view text);

// ASCII case only.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// Without the spaces and tabs at both ends (RFC 9110, 5.6.3).
std::string_view TrimWhitespace(std::string_view text);

// Calls `visit` with each element of a comma-separated list (RFC 9110, 5.6.1) without the
// whitespace around it; empty elements are passed over.
template <typename Visit>
void ForEachListItem(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const size_t size = std::min(list.find(','), list.size());
    const std::string_view item = TrimWhitespace(list.substr(0, size));
    if (!item.empty()) visit(item);
    list.remove_prefix(std::min(size + 1, list.size()));
  }
}

}  // namespace culvert::http

#endif  // CULVERT_SOURCE_HTTP_SYNTAX_H_
