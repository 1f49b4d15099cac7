// Configs, their versions and what is wrong with them: between the messages of the API and the
// values of the server. Pure functions, for any thread.
#ifndef CULVERT_SOURCE_ADMIN_CONFIG_MESSAGES_H_
#define CULVERT_SOURCE_ADMIN_CONFIG_MESSAGES_H_

#include <optional>
#include <span>

#include "api/culvert/admin/v1/config.pb.h"
#include "source/base/field_error.h"
#include "source/config/config_error.h"
#include "source/config/diff.h"
#include "source/server/config_manager.h"
#include "source/server/config_version.h"

namespace culvert::admin {

v1::ConfigError ToMessage(const config::ConfigError& error);
v1::Change ToMessage(const config::Change& change);
// Without the config itself.
v1::Version ToMessage(const server::ConfigVersion& version);

// Nothing, and what is wrong in `error`, where the message does not say what config it means or
// how it is to be read. A text without a format is read by the suffix of its file name.
std::optional<server::ConfigSource> FromMessage(const v1::ConfigSource& source, FieldError& error);

}  // namespace culvert::admin

#endif  // CULVERT_SOURCE_ADMIN_CONFIG_MESSAGES_H_
