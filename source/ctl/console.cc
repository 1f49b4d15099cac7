#include "source/ctl/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

std::optional<std::string> Environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

size_t SizeOr(const char* variable, size_t fallback) {
  const std::string text = Environment(variable).value_or("");
  size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  return error == std::errc() && end == text.data() + text.size() && size > 0 ? size : fallback;
}

std::optional<Terminal> DescribeTerminal(std::FILE* stream) {
  const int fd = fileno(stream);
  if (isatty(fd) == 0) return std::nullopt;
  Terminal terminal;
  winsize size{};
  const bool known = ioctl(fd, TIOCGWINSZ, &size) == 0;
  terminal.columns = known && size.ws_col > 0 ? size.ws_col : SizeOr("COLUMNS", 80);
  terminal.rows = known && size.ws_row > 0 ? size.ws_row : SizeOr("LINES", 24);
  terminal.color = !Environment("NO_COLOR") && Environment("TERM").value_or("dumb") != "dumb";
  return terminal;
}

}  // namespace

void Console::Print(std::string_view text) const {
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

void Console::PrintLines(const std::vector<std::string>& lines) const {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  Print(text);
}

void Console::Warn(std::string_view text) const {
  const std::string line = Printable(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), err);
  std::fflush(err);
}

Table::Options Console::TableOptions() const {
  const auto seen = terminal(out);
  if (!seen) return {};
  return {.width = seen->columns, .color = seen->color};
}

Console SystemConsole() {
  return {.in = stdin,
          .out = stdout,
          .err = stderr,
          .terminal = DescribeTerminal,
          .environment = Environment};
}

}  // namespace culvert::ctl
