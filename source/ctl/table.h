// Rows of text in columns that fit a width. Without a width nothing is cut or left out: that is for
// pipes. Values; any thread.
#ifndef CULVERT_SOURCE_CTL_TABLE_H_
#define CULVERT_SOURCE_CTL_TABLE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace culvert::ctl {

enum class Style { kPlain, kBold, kDim, kRed, kGreen, kYellow, kCyan };

// `text` between the escapes of `style`.
std::string Styled(std::string_view text, Style style);

struct Cell {
  // Implicit: most cells are a text and nothing else.
  Cell(std::string text, Style style = Style::kPlain)  // NOLINT(google-explicit-constructor)
      : text(std::move(text)), style(style) {}
  Cell(const char* text) : text(text) {}  // NOLINT(google-explicit-constructor)

  std::string text;  // made Printable() by the table
  Style style = Style::kPlain;
};

struct Column {
  std::string_view title;
  bool right = false;  // numbers
  // Where there is not enough room, columns with the highest rank are left out first; those with 0
  // stay.
  int rank = 0;
  // What it may be shortened to; 0: never.
  size_t minimum = 0;
};

class Table {
 public:
  struct Options {
    std::optional<size_t> width = {};
    bool color = false;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as there are columns.
  void Add(std::vector<Cell> cells);

  size_t rows() const { return rows_.size(); }

  // A line of titles and a line for each row, at most `most_rows` of them.
  std::vector<std::string> Lines(const Options& options,
                                 std::optional<size_t> most_rows = std::nullopt) const;

 private:
  // Columns to print, 0 for those that are left out.
  std::vector<size_t> Fit(std::optional<size_t> width) const;
  std::string Line(const std::vector<Cell>& cells, const std::vector<size_t>& widths,
                   bool color) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace culvert::ctl

#endif  // CULVERT_SOURCE_CTL_TABLE_H_
