// Where a command reads and writes, and what is known of the terminal at the other end. Owned by
// main() (or a test); the main thread's, but for progress, which writes to `err`.
#ifndef CULVERT_SOURCE_CTL_CONSOLE_H_
#define CULVERT_SOURCE_CTL_CONSOLE_H_

#include <cstddef>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/ctl/table.h"

namespace culvert::ctl {

struct Terminal {
  size_t columns = 80;
  size_t rows = 24;
  bool color = false;
};

struct Console {
  std::FILE* in = nullptr;
  std::FILE* out = nullptr;
  std::FILE* err = nullptr;
  // Nothing if the stream is no terminal. Asked for each frame, since windows change their size.
  std::function<std::optional<Terminal>(std::FILE*)> terminal;
  // Variables that are empty are as if they were not set.
  std::function<std::optional<std::string>(const char*)> environment;

  void Print(std::string_view text) const;  // flushed
  void PrintLines(const std::vector<std::string>& lines) const;
  // A line of its own.
  void Warn(std::string_view text) const;

  // For a table on `out`.
  Table::Options TableOptions() const;
};

// The process's own streams. Size of a terminal: as the kernel knows it, else COLUMNS and LINES,
// else 80 by 24. No colour with NO_COLOR or TERM=dumb.
Console SystemConsole();

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_CONSOLE_H_
