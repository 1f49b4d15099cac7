#include "test/access_log/json_parser.h"

#include <cstdint>
#include <regex>

namespace culvert::access_log {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<JsonFields> Object() {
    JsonFields fields;
    if (!Take("{")) return std::nullopt;
    do {
      const std::optional<std::string> name = String();
      if (!name || !Take(":")) return std::nullopt;
      for (const auto& [other, value] : fields) {
        if (other == *name) return std::nullopt;
      }
      const std::optional<std::string> value = Value();
      if (!value) return std::nullopt;
      fields.emplace_back(*name, *value);
    } while (Take(","));
    if (!Take("}") || !rest_.empty()) return std::nullopt;
    return fields;
  }

 private:
  bool Take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::optional<std::string> Value() {
    if (rest_.starts_with('"')) return String();
    if (Take("true")) return "true";
    if (Take("false")) return "false";
    if (Take("[")) return Array();
    static const std::regex kNumber("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
    std::match_results<std::string_view::const_iterator> match;
    if (!std::regex_search(rest_.begin(), rest_.end(), match, kNumber,
                           std::regex_constants::match_continuous)) {
      return std::nullopt;
    }
    rest_.remove_prefix(match.length());
    return match.str();
  }

  std::optional<std::string> Array() {
    std::string items;
    do {
      const std::optional<std::string> item = String();
      if (!item) return std::nullopt;
      items += *item + ",";
    } while (Take(","));
    if (!Take("]")) return std::nullopt;
    return items;
  }

  std::optional<std::string> String() {
    std::string value;
    if (!Take("\"")) return std::nullopt;
    while (!Take("\"")) {
      if (rest_.empty() || static_cast<uint8_t>(rest_.front()) < 0x20) return std::nullopt;
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c != '\\') {
        value += c;
      } else if (!Escape(value)) {
        return std::nullopt;
      }
    }
    return value;
  }

  bool Escape(std::string& value) {
    constexpr std::string_view kShort = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (const size_t at = kShort.find(c); at != kShort.npos) {
      value += kMeaning[at];
      return true;
    }
    if (c != 'u' || rest_.size() < 4) return false;
    const std::string digits(rest_.substr(0, 4));
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos) return false;
    rest_.remove_prefix(4);
    const unsigned code = std::stoul(digits, nullptr, 16);
    if (code >= 0xd800 && code <= 0xdfff) return false;  // the code under test makes no pairs
    if (code < 0x80) {
      value += static_cast<char>(code);
      return true;
    }
    if (code < 0x800) {
      value += static_cast<char>(0xc0 | code >> 6);
    } else {
      value += static_cast<char>(0xe0 | code >> 12);
      value += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    }
    value += static_cast<char>(0x80 | (code & 0x3f));
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<JsonFields> ParseJson(std::string_view text) {
  if (!IsUtf8(text)) return std::nullopt;
  return Parser(text).Object();
}

std::string FieldOf(const JsonFields& fields, std::string_view name) {
  for (const auto& [field, value] : fields) {
    if (field == name) return value;
  }
  return "";
}

bool IsUtf8(std::string_view text) {
  struct Row {
    uint8_t lead_low, lead_high, second_low, second_high;
    size_t length;
  };
  constexpr Row kRows[] = {
      {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
      {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
      {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
  };
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const auto fits = [&](const Row& row) {
    if (byte(0) < row.lead_low || byte(0) > row.lead_high) return false;
    if (text.size() < row.length) return false;
    if (row.length > 1 && (byte(1) < row.second_low || byte(1) > row.second_high)) return false;
    for (size_t i = 2; i < row.length; ++i) {
      if (byte(i) < 0x80 || byte(i) > 0xbf) return false;
    }
    return true;
  };
  while (!text.empty()) {
    size_t length = 0;
    for (const Row& row : kRows) {
      if (fits(row)) length = row.length;
    }
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace culvert::access_log
