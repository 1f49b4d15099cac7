// Which lines of two texts stay the same: split at lines that are unique in both (as patience diff
// does), the rest by Myers' algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986).
// Pure; lives for one comparison.
#ifndef CULVERT_SOURCE_CONFIG_LINE_MATCHER_H_
#define CULVERT_SOURCE_CONFIG_LINE_MATCHER_H_

#include <vector>

namespace culvert::config {

// Lines as numbers: equal lines have the same.
using Lines = std::vector<int>;

// Those that it leaves unmatched were removed or added.
class LineMatcher {
 public:
  // Both outlive it.
  LineMatcher(const Lines& before, const Lines& after)
      : before_(before), after_(after), removed_(before.size(), true), added_(after.size(), true) {}

  void Match();

  const std::vector<bool>& removed() const { return removed_; }
  const std::vector<bool>& added() const { return added_; }

 private:
  struct Pair {
    int before;
    int after;
  };
  // A part of both texts.
  struct Part {
    int before_begin;
    int before_end;
    int after_begin;
    int after_end;

    bool empty() const { return before_begin == before_end || after_begin == after_end; }
  };

  void Keep(Pair lines);
  void TrimEnds(Part& part);
  // The lines that are unique on both sides, without those that would cross others.
  std::vector<Pair> Anchors(const Part& part) const;
  static std::vector<Pair> LongestRising(const std::vector<Pair>& pairs);
  void MatchByEdits(const Part& part);
  void TraceBack(const Part& part, const std::vector<std::vector<int>>& history, int edits, int x,
                 int y);

  const Lines& before_;
  const Lines& after_;
  std::vector<bool> removed_;
  std::vector<bool> added_;
};

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_LINE_MATCHER_H_
