// Changes of a config as people read them. Pure; any thread.
#ifndef CULVERT_SOURCE_CTL_CONFIG_TEXT_H_
#define CULVERT_SOURCE_CTL_CONFIG_TEXT_H_

#include <google/protobuf/repeated_field.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/culvert/admin/v1/config.pb.h"
#include "source/ctl/console.h"

namespace culvert::ctl {

// `+ cluster redis`, `- listener old`, `~ listener edge` with a line below for each field.
std::vector<std::string> ChangeLines(
    const google::protobuf::RepeatedPtrField<admin::v1::Change>& changes, bool color);

// A unified diff: as it is in a pipe; on a terminal without control characters, and in colour.
std::string DiffText(std::string_view unified, const std::optional<Terminal>& terminal);

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_CONFIG_TEXT_H_
