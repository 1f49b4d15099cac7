// The process's own log: what operators read, on stderr. Never on the data path; what happens to
// connections goes to the access log. Each component has a level of its own, which may change at
// run time. Any thread.
#ifndef CULVERT_SOURCE_BASE_LOG_H_
#define CULVERT_SOURCE_BASE_LOG_H_

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace culvert::log {

enum class Level : uint8_t { kTrace, kDebug, kInfo, kWarning, kError };

// What a line is about. A new one is added here and to the names in log.cc.
enum class Component : uint8_t {
  kServer,     // the process: start, signals, drain, end
  kConfig,     // loading and applying, versions and their files
  kListener,   // sockets, and accepting from them
  kIdentity,   // where users come from
  kAccessLog,  // the files of access logs
  kAdmin,      // the admin API and its callers
  kTakeOver,   // one process after another
};
using enum Component;
inline constexpr size_t kComponents = 7;

// `trace`, `debug`, `info`, `warning` or `error`.
std::optional<Level> ParseLevel(std::string_view text);
std::string_view ToString(Level level);
// `server`, `config`, `listener`, `identity`, `access_log`, `admin` or `take_over`.
std::optional<Component> ParseComponent(std::string_view text);
std::string_view ToString(Component component);

// Lines below the level are left out; `info` at first.
void SetLevel(Level level);  // of all components
void SetLevel(Component component, Level level);
struct ComponentLevel {
  Component component;
  Level level;
};
std::array<ComponentLevel, kComponents> Levels();

// One load of an atomic.
bool Enabled(Component component, Level level);
void Write(Component component, Level level, std::string_view message);

template <class... Arguments>
void Debug(Component component, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (Enabled(component, Level::kDebug))
    Write(component, Level::kDebug, fmt::format(format, std::forward<Arguments>(arguments)...));
}
template <class... Arguments>
void Info(Component component, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (Enabled(component, Level::kInfo))
    Write(component, Level::kInfo, fmt::format(format, std::forward<Arguments>(arguments)...));
}
template <class... Arguments>
void Warning(Component component, fmt::format_string<Arguments...> format,
             Arguments&&... arguments) {
  if (Enabled(component, Level::kWarning))
    Write(component, Level::kWarning, fmt::format(format, std::forward<Arguments>(arguments)...));
}
template <class... Arguments>
void Error(Component component, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  Write(component, Level::kError, fmt::format(format, std::forward<Arguments>(arguments)...));
}

// The same for kServer.
template <class... Arguments>
void Debug(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  Debug(kServer, format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void Info(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  Info(kServer, format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void Warning(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  Warning(kServer, format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void Error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  Error(kServer, format, std::forward<Arguments>(arguments)...);
}

}  // namespace culvert::log

#endif  // CULVERT_SOURCE_BASE_LOG_H_
