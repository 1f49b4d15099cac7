#include "test/stats/prometheus_parser.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

namespace culvert::stats {
namespace {

bool IsNameChar(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (!first && c >= '0' && c <= '9');
}

// Keeps the first thing that is wrong; reading goes on, and what follows counts no more.
class Verdict {
 public:
  void Require(bool condition, const char* what) {
    if (!condition && !error_) error_ = what;
  }
  const char* error() const { return error_; }

 private:
  const char* error_ = nullptr;
};

// Reads one line from left to right.
class Cursor {
 public:
  Cursor(std::string_view line, Verdict& verdict) : rest_(line), verdict_(verdict) {}

  bool Take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::string Name() {
    size_t length = 0;
    while (length < rest_.size() && IsNameChar(rest_[length], length == 0)) ++length;
    Require(length > 0, "a name was expected");
    std::string name(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return name;
  }

  // Up to the closing quote, or to the end of the line where `quoted` is false.
  std::string Unescape(bool quoted) {
    std::string text;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (quoted && c == '"') return text;
      if (c != '\\') {
        text += c;
        continue;
      }
      Require(!rest_.empty(), "a backslash at the end");
      if (rest_.empty()) return text;
      const char escaped = rest_.front();
      rest_.remove_prefix(1);
      Require(escaped == '\\' || escaped == 'n' || (quoted && escaped == '"'), "unknown escape");
      text += escaped == 'n' ? '\n' : escaped;
    }
    Require(!quoted, "a label value does not end");
    return text;
  }

  double Number() {
    if (rest_ == "+Inf") return std::numeric_limits<double>::infinity();
    const std::string text(rest_);
    Require(!text.empty() && text.find_first_not_of("0123456789+-.e") == text.npos,
            "the value is not a number");
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    Require(*end == '\0', "bytes after the value");
    return value;
  }

  std::string_view rest() const { return rest_; }

 private:
  void Require(bool condition, const char* what) { verdict_.Require(condition, what); }

  std::string_view rest_;
  Verdict& verdict_;
};

// The state of the family whose lines are being read.
class Parser {
 public:
  void Line(std::string_view line) {
    Cursor cursor(line, verdict);
    if (cursor.Take("# HELP ")) {
      FinishFamily();
      family_ = cursor.Name();
      Require(cursor.Take(" "), "a space belongs before the help text");
      ParsedFamily family{"", cursor.Unescape(false)};
      Require(metrics.families.emplace(family_, family).second, "a second HELP of one family");
    } else if (cursor.Take("# TYPE ")) {
      Require(cursor.Name() == family_, "TYPE of another family than HELP");
      Require(cursor.Take(" "), "a space belongs before the type");
      std::string& type = metrics.families[family_].type;
      Require(type.empty(), "a second TYPE of one family");
      type = cursor.rest();
      Require(type == "counter" || type == "gauge" || type == "histogram", "unknown type");
    } else {
      Sample(cursor);
    }
  }

  void FinishFamily() {
    for (const auto& [labels, histogram] : histograms_) {
      Require(histogram.bound == std::numeric_limits<double>::infinity(), "no +Inf bucket");
      Require(histogram.count == histogram.buckets, "_count is not the +Inf bucket");
      Require(histogram.has_sum, "no _sum");
    }
    histograms_.clear();
  }

  void Require(bool condition, const char* what) { verdict.Require(condition, what); }

  ParsedMetrics metrics;
  Verdict verdict;

 private:
  struct Histogram {
    double bound = -std::numeric_limits<double>::infinity();
    double buckets = 0;
    double count = -1;
    bool has_sum = false;
  };

  void Sample(Cursor cursor) {
    const std::string name = cursor.Name();
    std::string labels, bound;
    if (cursor.Take("{")) {
      do {
        const std::string label = cursor.Name();
        Require(cursor.Take("=\""), "a label needs a quoted value");
        const std::string value = cursor.Unescape(true);
        if (label == "le") bound = value;
        if (label != "le") labels += (labels.empty() ? "" : ",") + label + "=" + value;
      } while (cursor.Take(","));
      Require(cursor.Take("}"), "labels do not end");
    }
    Require(cursor.Take(" "), "a space belongs before the value");
    const double value = cursor.Number();
    const std::string& type = metrics.families[family_].type;
    Require(!type.empty(), "a sample without a TYPE");
    if (type == "histogram") {
      HistogramSample(name, labels, bound, value);
    } else {
      Require(name == family_, "a sample of another family");
      Require(type != "counter" || value >= 0, "a negative counter");
    }
    std::string key = name;
    if (!bound.empty()) labels += (labels.empty() ? "le=" : ",le=") + bound;
    if (!labels.empty()) key += "{" + labels + "}";
    Require(metrics.samples.emplace(key, value).second, "the same series twice");
  }

  void HistogramSample(const std::string& name, const std::string& labels, const std::string& bound,
                       double value) {
    Histogram& histogram = histograms_[labels];
    if (name == family_ + "_sum") {
      histogram.has_sum = true;
    } else if (name == family_ + "_count") {
      histogram.count = value;
    } else {
      Require(name == family_ + "_bucket", "a sample of another family");
      Require(!bound.empty(), "a bucket without le");
      const double upper = Cursor(bound, verdict).Number();
      Require(upper > histogram.bound, "bucket bounds do not ascend");
      Require(value >= histogram.buckets, "buckets are not cumulative");
      histogram.bound = upper;
      histogram.buckets = value;
    }
  }

  std::string family_;
  std::map<std::string, Histogram> histograms_;
};

}  // namespace

ParsedMetrics ParsePrometheus(std::string_view text) {
  Parser parser;
  size_t number = 0;
  while (!text.empty() && !parser.verdict.error()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size() - 1);
    parser.Require(text[end] == '\n', "the last line does not end in a newline");
    parser.Line(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parser.FinishFamily();
  if (parser.verdict.error()) {
    parser.metrics.error = "line " + std::to_string(number) + ": " + parser.verdict.error();
  }
  return std::move(parser.metrics);
}

}  // namespace culvert::stats
