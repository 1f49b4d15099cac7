// The two forms of a filter, short (`http_connect: {...}`) and canonical (`{name: ...,
// typed_config: {...}}`), and how a name and a message belong together: `http_connect` is
// culvert.extensions.http_connect.v1.HttpConnect. Pure functions, for any thread.
#ifndef CULVERT_SOURCE_CONFIG_FILTER_FORM_H_
#define CULVERT_SOURCE_CONFIG_FILTER_FORM_H_

#include <span>
#include <string>
#include <string_view>

#include "api/culvert/config/v1/config.pb.h"
#include "google/protobuf/descriptor.h"
#include "source/config/diagnostics.h"
#include "source/config/field_path.h"

namespace culvert::config {

// The full name of the message that configures the filter `name`.
std::string FilterTypeName(std::string_view name);

// The message that configures the filter `name`; null if the name is not one of `known`, or is not
// linked.
const google::protobuf::Descriptor* FindFilterType(std::string_view name,
                                                   std::span<const std::string> known);

// `unknown filter 'htp'; did you mean 'http'?`
std::string UnknownFilter(std::string_view name, std::span<const std::string> known);

// What the settings of a filter are called in paths: as in the short form, whatever form was read.
std::string SettingsName(const v1::Filter& filter);

// Gives filters of a known name that have no settings the empty ones, as both forms mean it.
void CompleteFilters(v1::Config& config, std::span<const std::string> known);

// Reports a name that is not known, and settings that are not those of that name.
void CheckFilter(const v1::Filter& filter, const Path& path, std::span<const std::string> known,
                 Diagnostics& diagnostics);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_FILTER_FORM_H_
