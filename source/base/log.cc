#include "source/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace culvert::log {
namespace {

// By value of the enumeration.
constexpr std::array<std::string_view, 5> kLevelNames = {"trace", "debug", "info", "warning",
                                                         "error"};
constexpr std::array<std::string_view, kComponents> kComponentNames = {
    "server", "config", "listener", "identity", "access_log", "admin", "take_over"};
static_assert(kComponentNames[static_cast<size_t>(kTakeOver)] == "take_over");

struct Threshold {
  std::atomic<Level> level = Level::kInfo;
};
constinit std::array<Threshold, kComponents> thresholds;

std::atomic<Level>& LevelOf(Component component) {
  return thresholds[static_cast<size_t>(component)].level;
}

template <class Value, size_t kSize>
std::optional<Value> Parse(const std::array<std::string_view, kSize>& names,
                           std::string_view text) {
  for (size_t i = 0; i < kSize; ++i) {
    if (names[i] == text) return static_cast<Value>(i);
  }
  return std::nullopt;
}

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kTrace:
      return spdlog::level::trace;
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = spdlog::stderr_logger_mt("culvert");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::trace);  // Enabled() has decided
    return made;
  }();
  return *logger;
}

}  // namespace

std::optional<Level> ParseLevel(std::string_view text) { return Parse<Level>(kLevelNames, text); }
std::string_view ToString(Level level) { return kLevelNames[static_cast<size_t>(level)]; }

std::optional<Component> ParseComponent(std::string_view text) {
  return Parse<Component>(kComponentNames, text);
}
std::string_view ToString(Component component) {
  return kComponentNames[static_cast<size_t>(component)];
}

void SetLevel(Level level) {
  for (Threshold& threshold : thresholds) threshold.level.store(level, std::memory_order_relaxed);
}

void SetLevel(Component component, Level level) {
  LevelOf(component).store(level, std::memory_order_relaxed);
}

std::array<ComponentLevel, kComponents> Levels() {
  std::array<ComponentLevel, kComponents> levels;
  for (size_t i = 0; i < kComponents; ++i) {
    levels[i] = {static_cast<Component>(i), thresholds[i].level.load(std::memory_order_relaxed)};
  }
  return levels;
}

bool Enabled(Component component, Level level) {
  return level >= LevelOf(component).load(std::memory_order_relaxed);
}

void Write(Component component, Level level, std::string_view message) {
  Logger().log(ToSpdlog(level), "[{}] {}", ToString(component), message);
}

}  // namespace culvert::log
