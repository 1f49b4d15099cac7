// Strict JSON (RFC 8259) into a tree. Pure, for any thread.
#ifndef CULVERT_SOURCE_CONFIG_JSON_READER_H_
#define CULVERT_SOURCE_CONFIG_JSON_READER_H_

#include <optional>
#include <string_view>

#include "source/config/diagnostics.h"
#include "source/config/node.h"

namespace culvert::config {

// Reads the one value in `text`, which is UTF-8. Comments, trailing commas, anything after the
// value, and trees beyond the bounds of node.h are refused. On error reports it and returns
// nothing.
std::optional<Node> ReadJson(std::string_view text, Diagnostics& diagnostics);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_JSON_READER_H_
