// YAML into a tree. The only place that knows yaml-cpp. Pure, for any thread.
#ifndef CULVERT_SOURCE_CONFIG_YAML_READER_H_
#define CULVERT_SOURCE_CONFIG_YAML_READER_H_

#include <optional>
#include <string_view>

#include "source/config/diagnostics.h"
#include "source/config/node.h"

namespace culvert::config {

// Reads the one document in `text`, which is UTF-8. Tags, several documents, and trees beyond the
// bounds of node.h are refused; anchors and aliases may be used within them. On error reports it
// and returns nothing.
std::optional<Node> ReadYaml(std::string_view text, Diagnostics& diagnostics);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_YAML_READER_H_
