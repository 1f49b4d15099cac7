// Base64 with the standard alphabet (RFC 4648, 4), as Basic credentials (RFC 7617) and keys are
// written. Pure; any thread.
#ifndef CULVERT_SOURCE_BASE_BASE64_H_
#define CULVERT_SOURCE_BASE_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace culvert {

std::string Base64Encode(std::string_view bytes);

// Strict, so that bytes have one encoding alone: the padding has to be there, the bits under it
// zero, and no other character, whitespace included, is passed over. Nothing if `text` is not that.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace culvert

#endif  // CULVERT_SOURCE_BASE_BASE64_H_
