// Guesses what a misspelt name was meant to be. Pure functions, for any thread.
#ifndef CULVERT_SOURCE_CONFIG_SUGGESTION_H_
#define CULVERT_SOURCE_CONFIG_SUGGESTION_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace culvert::config {

// The nearest of `known` by edit distance, if one is near; case, '_', '-' and '.' make no
// difference.
std::optional<std::string> Suggest(std::string_view wrong, std::span<const std::string> known);

// `; did you mean 'x'?`, else `; use one of 'a', 'b'`, else nothing: the end of an error.
std::string DidYouMean(std::string_view wrong, std::span<const std::string> known);

// `'a', 'b'`.
std::string QuotedList(std::span<const std::string> names);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_SUGGESTION_H_
