// Protobuf's text format into a config, with the position of every field. Pure, for any thread.
#ifndef CULVERT_SOURCE_CONFIG_TEXTPROTO_READER_H_
#define CULVERT_SOURCE_CONFIG_TEXTPROTO_READER_H_

#include <string_view>

#include "api/culvert/config/v1/config.pb.h"
#include "source/config/diagnostics.h"

namespace culvert::config {

// Reads `text`, which is UTF-8, into `config` as far as it goes. Reports every unknown field, and
// the first of other errors, after which protobuf's parser gives up. Returns false if it gave up.
bool ReadTextproto(std::string_view text, v1::Config& config, Diagnostics& diagnostics);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_TEXTPROTO_READER_H_
