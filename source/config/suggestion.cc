#include "source/config/suggestion.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "fmt/format.h"
#include "source/config/quote.h"

namespace culvert::config {
namespace {

// Longer names are not worth the quadratic time.
constexpr size_t kMaxLength = 64;
constexpr size_t kMaxListed = 16;

std::string Normalize(std::string_view name) {
  std::string normalized;
  for (char c : name) {
    if (c == '_' || c == '-' || c == '.') continue;
    normalized += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return normalized;
}

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> Suggest(std::string_view wrong, std::span<const std::string> known) {
  if (wrong.empty() || wrong.size() > kMaxLength) return std::nullopt;
  const std::string meant = Normalize(wrong);
  size_t best_distance = std::max<size_t>(1, meant.size() / 3) + 1;
  std::optional<std::string> best;
  for (const std::string& name : known) {
    if (name.size() > kMaxLength) continue;
    const std::string candidate = Normalize(name);
    // Most names differ too much in length to be worth more.
    const size_t least =
        std::max(meant.size(), candidate.size()) - std::min(meant.size(), candidate.size());
    if (least >= best_distance) continue;
    const size_t distance = EditDistance(meant, candidate);
    // A name of which nothing is left is no guess.
    if (distance >= best_distance || distance >= candidate.size()) continue;
    best_distance = distance;
    best = name;
  }
  return best;
}

std::string DidYouMean(std::string_view wrong, std::span<const std::string> known) {
  if (const auto suggestion = Suggest(wrong, known)) {
    return fmt::format("; did you mean {}?", Quoted(*suggestion));
  }
  if (known.empty()) return "";
  return fmt::format("; use one of {}", QuotedList(known));
}

std::string QuotedList(std::span<const std::string> names) {
  std::string list;
  for (const std::string& name : names.first(std::min(names.size(), kMaxListed))) {
    list += (list.empty() ? "" : ", ") + Quoted(name);
  }
  return names.size() > kMaxListed ? list + ", ..." : list;
}

}  // namespace culvert::config
