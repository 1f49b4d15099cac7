// Whether bytes are UTF-8, which all text of a config must be. Pure, for any thread.
#ifndef CULVERT_SOURCE_CONFIG_UTF8_H_
#define CULVERT_SOURCE_CONFIG_UTF8_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace culvert::config {

// Where the first sequence that is not well-formed (RFC 3629, section 4) begins; nothing if all of
// `text` is.
std::optional<size_t> FindBadUtf8(std::string_view text);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_UTF8_H_
