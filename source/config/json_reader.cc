#include "source/config/json_reader.h"

#include <charconv>
#include <cstdint>
#include <string>
#include <utility>

#include "fmt/format.h"

namespace culvert::config {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void AppendUtf8(uint32_t code_point, std::string& out) {
  const auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

// A recursive descent. Every function returns false once Fail() has reported the error.
class JsonReader {
 public:
  JsonReader(std::string_view text, Diagnostics& diagnostics)
      : text_(text), diagnostics_(diagnostics) {}

  bool ReadDocument(Node& root) {
    SkipSpace();
    if (!ReadValue(root, 0)) return false;
    SkipSpace();
    return AtEnd() || Fail("found more after the end of the value; a config is one value");
  }

 private:
  bool AtEnd() const { return offset_ == text_.size(); }
  // The next character; NUL at the end, which no JSON contains.
  char Peek() const { return AtEnd() ? '\0' : text_[offset_]; }
  Position Here() const { return {line_, static_cast<int>(offset_ - line_start_) + 1}; }

  bool Take(char expected) {
    if (AtEnd() || Peek() != expected) return false;
    ++offset_;
    return true;
  }

  bool Fail(std::string_view message) {
    diagnostics_.AddAt(Here(), "", fmt::format("not valid JSON: {}", message));
    return false;
  }

  void SkipSpace() {
    for (; !AtEnd(); ++offset_) {
      if (Peek() == '\n') {
        ++line_;
        line_start_ = offset_ + 1;
      } else if (Peek() != ' ' && Peek() != '\t' && Peek() != '\r') {
        return;
      }
    }
  }

  bool ReadValue(Node& node, size_t depth) {
    node.position = Here();
    if (depth == kMaxTreeDepth && (Peek() == '{' || Peek() == '[')) {
      return Fail(fmt::format("nested too deeply; at most {} levels", kMaxTreeDepth));
    }
    if (++nodes_ > kMaxTreeNodes) {
      return Fail(fmt::format("too many values; at most {}", kMaxTreeNodes));
    }
    switch (Peek()) {
      case '{':
        return ReadMap(node, depth);
      case '[':
        return ReadList(node, depth);
      case '"':
        node.kind = Node::Kind::kScalar;
        node.quoted = true;
        return ReadString(node.text);
      default:
        return IsDigit(Peek()) || Peek() == '-' ? ReadNumber(node) : ReadWord(node);
    }
  }

  bool ReadMap(Node& node, size_t depth) {
    node.kind = Node::Kind::kMap;
    ++offset_;
    SkipSpace();
    if (Take('}')) return true;
    do {
      SkipSpace();
      Node::Entry& entry = node.entries.emplace_back();
      entry.key_position = Here();
      if (Peek() == '}') return Fail("found '}' after a comma; remove the comma");
      if (Peek() != '"') return Fail("expected a name in double quotes");
      if (!ReadString(entry.key)) return false;
      SkipSpace();
      if (!Take(':')) return Fail("expected ':' after the name");
      SkipSpace();
      if (!ReadValue(entry.value, depth + 1)) return false;
      SkipSpace();
    } while (Take(','));
    return Take('}') || Fail("expected ',' or '}'");
  }

  bool ReadList(Node& node, size_t depth) {
    node.kind = Node::Kind::kList;
    ++offset_;
    SkipSpace();
    if (Take(']')) return true;
    do {
      SkipSpace();
      if (Peek() == ']') return Fail("found ']' after a comma; remove the comma");
      if (!ReadValue(node.items.emplace_back(), depth + 1)) return false;
      SkipSpace();
    } while (Take(','));
    return Take(']') || Fail("expected ',' or ']'");
  }

  bool ReadWord(Node& node) {
    for (std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(offset_).starts_with(word)) continue;
      offset_ += word.size();
      if (word != "null") {
        node.kind = Node::Kind::kScalar;
        node.text = word;
      }
      return true;
    }
    if (AtEnd()) return Fail("the file ends where a value is expected");
    if (Peek() == '/' || Peek() == '#') return Fail("comments are not JSON; remove the comment");
    return Fail("expected a value; strings need double quotes");
  }

  bool ReadNumber(Node& node) {
    const size_t start = offset_;
    Take('-');
    if (!Take('0') && !SkipDigits()) return Fail("expected a digit");
    if (IsDigit(Peek())) return Fail("a number cannot begin with 0; remove the 0");
    if (Take('.') && !SkipDigits()) return Fail("expected a digit after '.'");
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!SkipDigits()) return Fail("expected a digit in the exponent");
    }
    node.kind = Node::Kind::kScalar;
    node.text = text_.substr(start, offset_ - start);
    return true;
  }

  bool SkipDigits() {
    const size_t start = offset_;
    while (IsDigit(Peek())) ++offset_;
    return offset_ > start;
  }

  bool ReadString(std::string& out) {
    ++offset_;
    while (!AtEnd() && Peek() != '"') {
      if (static_cast<unsigned char>(Peek()) < 0x20) {
        return Fail("a string cannot hold a control character; write it as an escape");
      }
      if (Peek() == '\\') {
        if (!ReadEscape(out)) return false;
      } else {
        out += text_[offset_++];
      }
    }
    return Take('"') || Fail("the file ends inside a string");
  }

  bool ReadEscape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    ++offset_;
    if (Take('u')) return ReadCodePoint(out);
    const size_t index = AtEnd() ? std::string_view::npos : kNames.find(Peek());
    if (index == std::string_view::npos)
      return Fail("unknown escape; write '\\\\' for a backslash");
    ++offset_;
    out += kValues[index];
    return true;
  }

  // After `\u`. Code points beyond 16 bits are two escapes, a high and a low surrogate.
  bool ReadCodePoint(std::string& out) {
    uint32_t code_point = 0;
    if (!ReadHex(code_point)) return false;
    if (code_point >= 0xdc00 && code_point < 0xe000) return Fail("a low surrogate stands alone");
    if (code_point >= 0xd800 && code_point < 0xdc00) {
      uint32_t low = 0;
      if (!Take('\\') || !Take('u')) return Fail("a high surrogate stands alone");
      if (!ReadHex(low)) return false;
      if (low < 0xdc00 || low >= 0xe000) return Fail("a high surrogate stands alone");
      code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
    }
    AppendUtf8(code_point, out);
    return true;
  }

  bool ReadHex(uint32_t& value) {
    const std::string_view digits = text_.substr(offset_, 4);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || end != digits.data() + 4) {
      return Fail("expected four hexadecimal digits after '\\u'");
    }
    offset_ += 4;
    return true;
  }

  const std::string_view text_;
  Diagnostics& diagnostics_;
  size_t offset_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
  size_t nodes_ = 0;
};

}  // namespace

std::optional<Node> ReadJson(std::string_view text, Diagnostics& diagnostics) {
  Node root;
  if (!JsonReader(text, diagnostics).ReadDocument(root)) return std::nullopt;
  return root;
}

}  // namespace culvert::config
