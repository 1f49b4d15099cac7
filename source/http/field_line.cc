#include "source/http/field_line.h"

#include "source/http/syntax.h"

namespace culvert::http {

std::optional<Refusal> ParseFieldLine(std::string_view line, HeaderField& field) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    return Refusal{400, "a header line starts with whitespace"};
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Refusal{400, "a header line has no colon"};

  field.name = line.substr(0, colon);
  if (field.name.empty()) return Refusal{400, "a header name is empty"};
  if (field.name.ends_with(' ') || field.name.ends_with('\t')) {
    return Refusal{400, "whitespace before the colon of a header"};
  }
  if (!IsToken(field.name)) return Refusal{400, "a header name has a character that none may have"};

  field.value = TrimWhitespace(line.substr(colon + 1));
  if (!IsFieldValue(field.value)) return Refusal{400, "a header value has a control character"};
  return std::nullopt;
}

}  // namespace culvert::http
