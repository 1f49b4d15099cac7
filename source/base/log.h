// The process's own log: what operators read, on stderr. Never on the data path; what happens to
// connections goes to the access log. Any thread.
#ifndef CULVERT_SOURCE_BASE_LOG_H_
#define CULVERT_SOURCE_BASE_LOG_H_

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

namespace culvert::log {

enum class Level { kTrace, kDebug, kInfo, kWarning, kError };

// `trace`, `debug`, `info`, `warning` or `error`.
std::optional<Level> ParseLevel(std::string_view text);

void SetLevel(Level level);
bool Enabled(Level level);
void Write(Level level, std::string_view message);

template <class... Arguments>
void Debug(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (Enabled(Level::kDebug))
    Write(Level::kDebug, fmt::format(format, std::forward<Arguments>(arguments)...));
}
template <class... Arguments>
void Info(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (Enabled(Level::kInfo))
    Write(Level::kInfo, fmt::format(format, std::forward<Arguments>(arguments)...));
}
template <class... Arguments>
void Warning(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (Enabled(Level::kWarning))
    Write(Level::kWarning, fmt::format(format, std::forward<Arguments>(arguments)...));
}
template <class... Arguments>
void Error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  Write(Level::kError, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace culvert::log

#endif  // CULVERT_SOURCE_BASE_LOG_H_
