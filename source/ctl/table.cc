#include "source/ctl/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

constexpr size_t kGap = 2;

size_t Total(const std::vector<size_t>& widths) {
  size_t total = 0;
  for (const size_t width : widths) total += width == 0 ? 0 : width + kGap;
  return total == 0 ? 0 : total - kGap;
}

}  // namespace

std::string Styled(std::string_view text, Style style) {
  std::string_view code;
  switch (style) {
    case Style::kPlain:
      return std::string(text);
    case Style::kBold:
      code = "1";
      break;
    case Style::kDim:
      code = "2";
      break;
    case Style::kRed:
      code = "31";
      break;
    case Style::kGreen:
      code = "32";
      break;
    case Style::kYellow:
      code = "33";
      break;
    case Style::kCyan:
      code = "36";
      break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Table::Add(std::vector<Cell> cells) {
  for (Cell& cell : cells) {
    cell.text = Printable(cell.text);
    if (cell.text.empty()) cell.text.assign(1, '-');
  }
  rows_.push_back(std::move(cells));
}

std::vector<size_t> Table::Fit(std::optional<size_t> width) const {
  std::vector<size_t> natural;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t widest = Columns(columns_[i].title);
    for (const auto& row : rows_) widest = std::max(widest, Columns(row[i].text));
    natural.push_back(widest);
  }
  if (!width) return natural;

  // The least that each column takes; those of the highest rank go until that fits.
  std::vector<size_t> least = natural;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].minimum != 0) least[i] = std::min(natural[i], columns_[i].minimum);
  }
  while (Total(least) > *width) {
    const auto last = std::ranges::max_element(columns_, {}, [&](const Column& column) {
      return least[&column - columns_.data()] == 0 ? 0 : column.rank;
    });
    const size_t index = last - columns_.begin();
    if (last->rank == 0 || least[index] == 0) break;
    least[index] = natural[index] = 0;
  }
  // What can be shortened gives up its columns, the widest first.
  while (Total(natural) > *width) {
    size_t widest = columns_.size();
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (natural[i] > least[i] && (widest == columns_.size() || natural[i] > natural[widest])) {
        widest = i;
      }
    }
    if (widest == columns_.size()) break;
    --natural[widest];
  }
  return natural;
}

std::string Table::Line(const std::vector<Cell>& cells, const std::vector<size_t>& widths,
                        bool color) const {
  std::string line;
  size_t padding = 0;  // written before the next cell, so that no line ends in spaces
  for (size_t i = 0; i < cells.size(); ++i) {
    if (widths[i] == 0) continue;
    const std::string text = Shorten(cells[i].text, widths[i]);
    const size_t room = widths[i] - Columns(text);
    line.append(padding + (columns_[i].right ? room : 0), ' ');
    line += color ? Styled(text, cells[i].style) : text;
    padding = kGap + (columns_[i].right ? 0 : room);
  }
  return line;
}

std::vector<std::string> Table::Lines(const Options& options,
                                      std::optional<size_t> most_rows) const {
  const std::vector<size_t> widths = Fit(options.width);
  std::vector<Cell> titles;
  for (const Column& column : columns_)
    titles.emplace_back(std::string(column.title), Style::kBold);
  std::vector<std::string> lines = {Line(titles, widths, options.color)};
  const size_t count = std::min(rows_.size(), most_rows.value_or(rows_.size()));
  for (size_t i = 0; i < count; ++i) lines.push_back(Line(rows_[i], widths, options.color));
  return lines;
}

}  // namespace culvert::ctl
