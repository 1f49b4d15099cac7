#include "source/http/head_reader.h"

#include "source/http/field_line.h"

namespace culvert::http {

HeadReader::Event HeadReader::Next(std::span<const char>& bytes) {
  while (true) {
    switch (lines_.Take(bytes)) {
      case LineBuffer::Event::kNeedMore:
        return Event::kNeedMore;
      case LineBuffer::Event::kBareLineFeed:
        return Refuse({400, "a line does not end in CRLF"});
      case LineBuffer::Event::kFull:
        return Refuse(start_line_size_ ? Refusal{431, "the head is too large"}
                                       : Refusal{414, "the start line is too long"});
      case LineBuffer::Event::kLine:
        break;
    }
    const std::string_view line = lines_.line();
    if (!start_line_size_) {
      start_line_size_ = line.size();
      return Event::kStartLine;
    }
    if (line.empty()) return Event::kEnd;
    if (const auto refusal = AddField(line)) return Refuse(*refusal);
  }
}

MessageHead HeadReader::Take() {
  MessageHead head;
  head.block = lines_.Release();
  const char* const base = head.block.get();
  head.start_line = {base, *start_line_size_};
  head.fields.reserve(places_.size());
  for (const FieldPlace& place : places_) {
    head.fields.push_back({.name = {base + place.name_begin, place.name_size},
                           .value = {base + place.value_begin, place.value_size}});
  }
  start_line_size_.reset();
  places_.clear();
  return head;
}

HeadReader::Event HeadReader::Refuse(Refusal refusal) {
  refusal_ = refusal;
  return Event::kRefused;
}

std::optional<Refusal> HeadReader::AddField(std::string_view line) {
  if (places_.size() == max_headers_) return Refusal{431, "too many headers"};
  HeaderField field;
  if (const auto refusal = ParseFieldLine(line, field)) return refusal;

  const char* const base = lines_.text().data();
  // An empty value is a view of nothing, whose place means nothing.
  const char* const value = field.value.empty() ? base : field.value.data();
  places_.push_back({.name_begin = static_cast<uint32_t>(field.name.data() - base),
                     .name_size = static_cast<uint32_t>(field.name.size()),
                     .value_begin = static_cast<uint32_t>(value - base),
                     .value_size = static_cast<uint32_t>(field.value.size())});
  return std::nullopt;
}

}  // namespace culvert::http
