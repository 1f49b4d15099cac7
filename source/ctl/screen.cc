#include "source/ctl/screen.h"

#include <fmt/format.h>

#include <vector>

#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

// The heading, the titles, what is counted, and the line where the cursor stays.
constexpr size_t kLinesBesideRows = 4;

}  // namespace

void Screen::Draw(std::string_view heading, const Table& table) {
  const auto terminal = console_.terminal(console_.out);
  if (!terminal) {
    std::string block = fmt::format("{}{}\n", drawn_ ? "\n" : "", Printable(heading));
    for (const std::string& line : table.Lines({})) block += line + "\n";
    console_.Print(block);
    drawn_ = true;
    return;
  }
  const size_t room = terminal->rows > kLinesBesideRows ? terminal->rows - kLinesBesideRows : 1;
  std::vector<std::string> lines = table.Lines(console_.TableOptions(), room);
  lines.insert(lines.begin(), Shorten(Printable(heading), terminal->columns));
  if (table.rows() > room) lines.push_back(fmt::format("... and {} more", table.rows() - room));
  // Cleared once; then each line is written over the one before, which does not flicker.
  std::string frame = drawn_ ? "\x1b[H" : "\x1b[H\x1b[2J";
  for (const std::string& line : lines) frame += line + "\x1b[K\n";
  console_.Print(frame + "\x1b[J");
  drawn_ = true;
}

}  // namespace culvert::ctl
