// The version of this tree.
#ifndef CULVERT_SOURCE_BASE_VERSION_H_
#define CULVERT_SOURCE_BASE_VERSION_H_

#include <string_view>

namespace culvert {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace culvert

#endif  // CULVERT_SOURCE_BASE_VERSION_H_
