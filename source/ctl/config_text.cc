#include "source/ctl/config_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "source/ctl/table.h"
#include "source/ctl/text.h"

namespace culvert::ctl {
namespace {

using admin::v1::Change;

std::pair<char, Style> SignOf(const Change& change) {
  switch (change.kind()) {
    case Change::ADDED:
      return {'+', Style::kGreen};
    case Change::REMOVED:
      return {'-', Style::kRed};
    default:
      return {'~', Style::kYellow};
  }
}

// `identity_provider staff` -> `identity provider staff`
std::string SubjectOf(const Change& change) {
  std::string what = change.what();
  std::ranges::replace(what, '_', ' ');
  return Printable(change.name().empty() ? what : fmt::format("{} {}", what, change.name()));
}

Style StyleOf(std::string_view line) {
  if (line.starts_with("+++") || line.starts_with("---")) return Style::kBold;
  if (line.starts_with("@@")) return Style::kCyan;
  if (line.starts_with('+')) return Style::kGreen;
  return line.starts_with('-') ? Style::kRed : Style::kPlain;
}

}  // namespace

std::vector<std::string> ChangeLines(const google::protobuf::RepeatedPtrField<Change>& changes,
                                     bool color) {
  std::vector<std::string> lines;
  for (const Change& change : changes) {
    const auto [sign, style] = SignOf(change);
    const std::string line = fmt::format("{} {}", sign, SubjectOf(change));
    lines.push_back(color ? Styled(line, style) : line);
    for (const std::string& field : change.fields()) {
      lines.push_back(fmt::format("    {}", Printable(field)));
    }
  }
  return lines;
}

std::string DiffText(std::string_view unified, const std::optional<Terminal>& terminal) {
  if (!terminal) return std::string(unified);
  std::string safe = PrintableLines(unified);
  if (!terminal->color) return safe;
  std::string text;
  for (std::string_view rest = safe; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    text += Styled(line, StyleOf(line)) + "\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return text;
}

}  // namespace culvert::ctl
