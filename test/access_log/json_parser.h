// A strict reader of one flat JSON object (RFC 8259) for tests: strings, numbers, booleans and
// arrays of strings.
#ifndef CULVERT_TEST_ACCESS_LOG_JSON_PARSER_H_
#define CULVERT_TEST_ACCESS_LOG_JSON_PARSER_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace culvert::access_log {

// Names and values in their order: strings decoded to UTF-8, numbers and booleans as they stand,
// the items of an array each with a comma behind it. Nothing where the text is not such an object,
// has a name twice, or is not UTF-8.
using JsonFields = std::vector<std::pair<std::string, std::string>>;
std::optional<JsonFields> ParseJson(std::string_view text);

// The value of a field; empty where there is none.
std::string FieldOf(const JsonFields& fields, std::string_view name);

// Well-formed UTF-8 by the table of the Unicode standard (D92), written apart from the code under
// test.
bool IsUtf8(std::string_view text);

}  // namespace culvert::access_log

#endif  // CULVERT_TEST_ACCESS_LOG_JSON_PARSER_H_
