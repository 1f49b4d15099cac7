// What the tests of the loader share: the filters of this build, and loading from text. For tests
// only.
#ifndef CULVERT_TEST_CONFIG_LOADING_H_
#define CULVERT_TEST_CONFIG_LOADING_H_

#include <string>
#include <string_view>
#include <vector>

#include "source/config/loader.h"

namespace culvert::config {

// The names of the filters whose messages are linked.
LoadOptions TestOptions();

// Loads `text` as `test.yaml`, `test.json`, and so on.
LoadResult LoadYaml(std::string_view text);
LoadResult LoadJson(std::string_view text);
LoadResult LoadTextproto(std::string_view text);
LoadResult LoadBinary(const v1::Config& config);

// The errors as they are printed.
std::vector<std::string> Lines(const LoadResult& result);

// A listener with this as its only filter; the filter begins at 4:5.
std::string WithFilter(std::string_view filter);

}  // namespace culvert::config

#endif  // CULVERT_TEST_CONFIG_LOADING_H_
