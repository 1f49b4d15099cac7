#include "source/config/line_matcher.h"

#include <algorithm>
#include <unordered_map>

namespace culvert::config {
namespace {

// Beyond this many lines that differ without an anchor between them, all are taken for replaced:
// Myers' algorithm takes time and memory by the square of it.
constexpr int kMaxEdits = 1000;

}  // namespace

void LineMatcher::Match() {
  // In place of recursion, which long texts would take too deep.
  std::vector<Part> parts = {
      {0, static_cast<int>(before_.size()), 0, static_cast<int>(after_.size())}};
  while (!parts.empty()) {
    Part part = parts.back();
    parts.pop_back();
    TrimEnds(part);
    if (part.empty()) continue;
    const std::vector<Pair> anchors = Anchors(part);
    if (anchors.empty()) {
      MatchByEdits(part);
      continue;
    }
    Part rest = part;
    for (const Pair& anchor : anchors) {
      Keep(anchor);
      parts.push_back({rest.before_begin, anchor.before, rest.after_begin, anchor.after});
      rest.before_begin = anchor.before + 1;
      rest.after_begin = anchor.after + 1;
    }
    parts.push_back(rest);
  }
}

void LineMatcher::Keep(Pair lines) {
  removed_[lines.before] = false;
  added_[lines.after] = false;
}

void LineMatcher::TrimEnds(Part& part) {
  while (!part.empty() && before_[part.before_begin] == after_[part.after_begin]) {
    Keep({part.before_begin++, part.after_begin++});
  }
  while (!part.empty() && before_[part.before_end - 1] == after_[part.after_end - 1]) {
    Keep({--part.before_end, --part.after_end});
  }
}

std::vector<LineMatcher::Pair> LineMatcher::Anchors(const Part& part) const {
  struct Seen {
    int before = 0;
    int after = 0;
    int before_at = 0;
  };
  std::unordered_map<int, Seen> seen;
  for (int i = part.before_begin; i < part.before_end; ++i) {
    Seen& line = seen[before_[i]];
    ++line.before;
    line.before_at = i;
  }
  for (int i = part.after_begin; i < part.after_end; ++i) {
    if (const auto line = seen.find(after_[i]); line != seen.end()) ++line->second.after;
  }
  std::vector<Pair> unique;
  for (int i = part.after_begin; i < part.after_end; ++i) {
    const auto line = seen.find(after_[i]);
    if (line == seen.end() || line->second.before != 1 || line->second.after != 1) continue;
    unique.push_back({line->second.before_at, i});
  }
  return LongestRising(unique);
}

// By patience sorting; `pairs` rise in `after`.
std::vector<LineMatcher::Pair> LineMatcher::LongestRising(const std::vector<Pair>& pairs) {
  std::vector<int> tops;  // of the piles, as indexes into pairs
  std::vector<int> below(pairs.size(), -1);
  for (int i = 0; i < static_cast<int>(pairs.size()); ++i) {
    const auto pile = std::ranges::lower_bound(tops, pairs[i].before, {},
                                               [&](int top) { return pairs[top].before; });
    if (pile != tops.begin()) below[i] = *(pile - 1);
    if (pile == tops.end()) {
      tops.push_back(i);
    } else {
      *pile = i;
    }
  }
  std::vector<Pair> rising;
  for (int i = tops.empty() ? -1 : tops.back(); i >= 0; i = below[i]) rising.push_back(pairs[i]);
  std::ranges::reverse(rising);
  return rising;
}

// Myers' greedy algorithm. `furthest[k]` is how many lines of `before` the best path on diagonal
// k (lines of `before` less those of `after`) has gone.
void LineMatcher::MatchByEdits(const Part& part) {
  const int before_size = part.before_end - part.before_begin;
  const int after_size = part.after_end - part.after_begin;
  const int max = std::min(kMaxEdits, before_size + after_size);
  std::vector<int> furthest(2 * max + 3, 0);
  std::vector<std::vector<int>> history;
  for (int edits = 0; edits <= max; ++edits) {
    for (int k = -edits; k <= edits; k += 2) {
      int* at = &furthest[max + 1 + k];
      const bool down = k == -edits || (k != edits && at[-1] < at[1]);
      int x = down ? at[1] : at[-1] + 1;
      while (x < before_size && x - k < after_size &&
             before_[part.before_begin + x] == after_[part.after_begin + x - k]) {
        ++x;
      }
      *at = x;
      if (x >= before_size && x - k >= after_size) {
        return TraceBack(part, history, edits, before_size, after_size);
      }
    }
    history.emplace_back(furthest.begin() + max - edits, furthest.begin() + max + edits + 3);
  }
}

// `history[d]` holds diagonals -d-1 to d+1 after d edits.
void LineMatcher::TraceBack(const Part& part, const std::vector<std::vector<int>>& history,
                            int edits, int x, int y) {
  for (int d = edits; d >= 0; --d) {
    const int k = x - y;
    int start_x = 0;
    int start_y = 0;
    if (d > 0) {
      const int* at = &history[d - 1][d + k];
      const bool down = k == -d || (k != d && at[-1] < at[1]);
      start_x = down ? at[1] : at[-1];
      start_y = start_x - (down ? k + 1 : k - 1);
    }
    // The end of the way from there is lines that stay.
    while (x > start_x && y > start_y) Keep({part.before_begin + --x, part.after_begin + --y});
    x = start_x;
    y = start_y;
  }
}

}  // namespace culvert::config
