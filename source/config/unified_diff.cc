#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "source/config/diff.h"
#include "source/config/line_matcher.h"

namespace culvert::config {
namespace {

constexpr size_t kContext = 3;

// Each with its line end, so that the last may do without.
std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

// A line of the diff before it is cut into hunks.
struct Line {
  char mark;
  std::string_view text;
};

class HunkPrinter {
 public:
  explicit HunkPrinter(const std::vector<Line>& lines) : lines_(lines) {}

  std::string Print() {
    for (size_t begin = 0; begin < lines_.size();) {
      const size_t changed = NextChange(begin);
      if (changed == lines_.size()) break;
      Skip(begin, changed - std::min(kContext, changed - begin));
      begin = PrintHunk(at_);
    }
    return std::move(text_);
  }

 private:
  size_t NextChange(size_t begin) const {
    while (begin < lines_.size() && lines_[begin].mark == ' ') ++begin;
    return begin;
  }

  // Lines that stay, and are not shown.
  void Skip(size_t begin, size_t end) {
    before_line_ += end - begin;
    after_line_ += end - begin;
    at_ = end;
  }

  // Returns where it ends: where more than twice the context follows that stays.
  size_t PrintHunk(size_t begin) {
    size_t end = NextChange(begin);
    while (end < lines_.size()) {
      while (end < lines_.size() && lines_[end].mark != ' ') ++end;
      const size_t next = NextChange(end);
      if (next < lines_.size() && next - end <= 2 * kContext) {
        end = next;
        continue;
      }
      end = std::min(lines_.size(), end + kContext);
      break;
    }
    size_t before = 0;
    size_t after = 0;
    std::string body;
    for (size_t i = begin; i < end; ++i) {
      const Line& line = lines_[i];
      before += line.mark != '+';
      after += line.mark != '-';
      body += line.mark;
      body += line.text;
      if (!line.text.ends_with('\n')) body += "\n\\ No newline at end of file\n";
    }
    text_ += fmt::format("@@ -{} +{} @@\n{}", Range(before_line_, before),
                         Range(after_line_, after), body);
    before_line_ += before;
    after_line_ += after;
    return at_ = end;
  }

  // An empty range is named by the line before it.
  static std::string Range(size_t lines_above, size_t count) {
    if (count == 1) return fmt::format("{}", lines_above + 1);
    return fmt::format("{},{}", count == 0 ? lines_above : lines_above + 1, count);
  }

  const std::vector<Line>& lines_;
  std::string text_;
  size_t at_ = 0;
  size_t before_line_ = 0;
  size_t after_line_ = 0;
};

std::vector<Line> Merge(const std::vector<std::string_view>& before,
                        const std::vector<std::string_view>& after, const LineMatcher& matcher) {
  std::vector<Line> lines;
  size_t j = 0;
  for (size_t i = 0; i < before.size() || j < after.size();) {
    if (i < before.size() && matcher.removed()[i]) {
      lines.push_back({'-', before[i++]});
    } else if (j < after.size() && matcher.added()[j]) {
      lines.push_back({'+', after[j++]});
    } else {
      lines.push_back({' ', before[i++]});
      ++j;
    }
  }
  return lines;
}

}  // namespace

std::string UnifiedDiff(std::string_view before, std::string_view after,
                        std::string_view before_name, std::string_view after_name) {
  if (before == after) return "";
  const std::vector<std::string_view> before_lines = SplitLines(before);
  const std::vector<std::string_view> after_lines = SplitLines(after);
  std::unordered_map<std::string_view, int> numbers;
  const auto number = [&numbers](const std::vector<std::string_view>& lines) {
    Lines result;
    for (const std::string_view line : lines) {
      result.push_back(numbers.emplace(line, static_cast<int>(numbers.size())).first->second);
    }
    return result;
  };
  const Lines before_numbers = number(before_lines);
  const Lines after_numbers = number(after_lines);
  LineMatcher matcher(before_numbers, after_numbers);
  matcher.Match();
  const std::vector<Line> lines = Merge(before_lines, after_lines, matcher);
  return fmt::format("--- {}\n+++ {}\n{}", before_name, after_name, HunkPrinter(lines).Print());
}

}  // namespace culvert::config
