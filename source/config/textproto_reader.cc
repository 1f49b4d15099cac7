#include "source/config/textproto_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"
#include "source/config/field_path.h"
#include "source/config/filter_form.h"
#include "source/config/node.h"
#include "source/config/quote.h"
#include "source/config/schema.h"
#include "source/config/suggestion.h"

namespace culvert::config {
namespace {

namespace pb = google::protobuf;
using ParseInfoTree = pb::TextFormat::ParseInfoTree;

// As many as are shown in the end.
constexpr size_t kMaxComplaints = 1000;

// Of an error of protobuf's parser, which may repeat names from the file.
constexpr size_t kMaxMessage = 200;

// Turns the positions of protobuf's tokenizer, which count from 0 and tabs as up to 8, into ours.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text), starts_{0} {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  size_t Offset(int line, int column) const {
    if (line < 0 || line >= static_cast<int>(starts_.size())) return text_.size();
    size_t offset = starts_[line];
    for (int at = 0; at < column && offset < text_.size(); ++offset) {
      at = text_[offset] == '\t' ? at + 8 - at % 8 : at + 1;
    }
    return offset;
  }

  Position At(size_t offset) const {
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const size_t line = next - starts_.begin();
    return {static_cast<int>(line), static_cast<int>(offset - starts_[line - 1]) + 1};
  }

  Position At(int line, int column) const { return At(Offset(line, column)); }

  // Where `word` stands last before a place: protobuf reports names after it has read beyond them.
  Position LastBefore(std::string_view word, int line, int column) const {
    const size_t end = Offset(line, column);
    const size_t start = text_.substr(0, end).rfind(word);
    return At(start == std::string_view::npos ? end : start);
  }

 private:
  const std::string_view text_;
  std::vector<size_t> starts_;
};

struct Complaint {
  int line;
  int column;
  std::string message;
};

class Collector : public pb::io::ErrorCollector {
 public:
  // Warnings are about fields that are not known.
  void AddWarning(int line, int column, const std::string& message) override {
    AddError(line, column, message);
  }
  void AddError(int line, int column, const std::string& message) override {
    if (complaints_.size() < kMaxComplaints) complaints_.push_back({line, column, message});
  }
  const std::vector<Complaint>& complaints() const { return complaints_; }

 private:
  std::vector<Complaint> complaints_;
};

// Records the positions of all fields, and which message stands where.
class Locator {
 public:
  Locator(const Lines& lines, SourceMap& sources) : lines_(lines), sources_(sources) {}

  void Walk(const pb::Message& message, const ParseInfoTree& tree, Position position,
            const std::string& path) {
    const pb::Descriptor& type = *message.GetDescriptor();
    messages_.push_back({position, &type, path});
    for (int i = 0; i < type.field_count(); ++i) {
      const pb::FieldDescriptor& field = *type.field(i);
      const bool is_filter_config = &type == v1::Filter::descriptor() && !IsScalarField(field);
      WalkField(message, tree, field,
                is_filter_config
                    ? JoinPath(path, SettingsName(static_cast<const v1::Filter&>(message)))
                    : FieldPath(path, field));
    }
  }

  // The path of the message of this type that is open at `position`: no type of ours contains
  // itself, so it is the one that began last.
  std::string FindMessageAt(Position position, std::string_view type) const {
    const Located* best = nullptr;
    for (const Located& message : messages_) {
      if (message.type->full_name() != type || message.position > position) continue;
      if (best == nullptr || best->position <= message.position) best = &message;
    }
    return best == nullptr ? "" : best->path;
  }

 private:
  struct Located {
    Position position;
    const pb::Descriptor* type;
    std::string path;
  };

  static bool IsScalarField(const pb::FieldDescriptor& field) {
    return field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE;
  }

  void WalkField(const pb::Message& message, const ParseInfoTree& tree,
                 const pb::FieldDescriptor& field, const std::string& path) {
    const pb::Reflection& reflection = *message.GetReflection();
    if (!field.is_repeated()) {
      const Position position = Record(tree, field, -1, path);
      if (IsScalarField(field) || !reflection.HasField(message, &field)) return;
      return WalkChild(reflection.GetMessage(message, &field), tree.GetTreeForNested(&field, -1),
                       position, path);
    }
    Record(tree, field, 0, path);
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const std::string item_path = IndexPath(path, i);
      const Position position = Record(tree, field, i, item_path);
      if (IsScalarField(field)) continue;
      WalkChild(reflection.GetRepeatedMessage(message, &field, i), tree.GetTreeForNested(&field, i),
                position, item_path);
    }
  }

  void WalkChild(const pb::Message& child, const ParseInfoTree* tree, Position position,
                 const std::string& path) {
    if (tree == nullptr) return;
    if (!IsAny(*child.GetDescriptor())) return Walk(child, *tree, position, path);
    // The fields of an expanded Any are recorded as if they were those of the Any itself.
    if (const auto inner = Unpack(static_cast<const pb::Any&>(child))) {
      Walk(*inner, *tree, position, path);
    }
  }

  Position Record(const ParseInfoTree& tree, const pb::FieldDescriptor& field, int index,
                  const std::string& path) {
    const auto location = tree.GetLocation(&field, index);
    if (location.line < 0) return {};
    const Position position = lines_.At(location.line, location.column);
    sources_.Add(path, position);
    return position;
  }

  const Lines& lines_;
  SourceMap& sources_;
  std::vector<Located> messages_;
};

// The text between `before` and `after` in `message`, if it is made like that.
std::optional<std::string_view> Between(std::string_view message, std::string_view before,
                                        std::string_view after) {
  const size_t start = message.find(before);
  if (start == std::string_view::npos) return std::nullopt;
  const std::string_view rest = message.substr(start + before.size());
  const size_t end = rest.find(after);
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(0, end);
}

void ReportUnknownField(std::string_view name, std::string_view type, Position position,
                        const Locator& locator, Diagnostics& diagnostics) {
  const std::string path = locator.FindMessageAt(position, type);
  const pb::Descriptor* message = FindMessage(type);
  const auto known = message == nullptr ? std::vector<std::string>() : FieldNames(*message);
  diagnostics.AddAt(position, JoinPath(path, Printable(name)),
                    "unknown field" + DidYouMean(name, known));
  if (const auto meant = Suggest(name, known)) {
    diagnostics.Excuse(FieldPath(path, *message->FindFieldByName(*meant)));
  }
}

void Report(const Complaint& complaint, const Lines& lines, const Locator& locator,
            Diagnostics& diagnostics) {
  const std::string_view text = complaint.message;
  const auto unknown_field = Between(text, "has no field named \"", "\"");
  const auto type = Between(text, "Message type \"", "\"");
  const auto unknown_any = Between(text, "Could not find type \"", "\"");
  if (unknown_field && type) {
    const Position position = lines.LastBefore(*unknown_field, complaint.line, complaint.column);
    ReportUnknownField(*unknown_field, *type, position, locator, diagnostics);
  } else if (unknown_any) {
    diagnostics.AddAt(lines.LastBefore(*unknown_any, complaint.line, complaint.column), "",
                      fmt::format("unknown type {}", Quoted(*unknown_any)));
  } else if (text.starts_with("Ignoring extension")) {
    diagnostics.AddAt(lines.At(complaint.line, complaint.column), "",
                      "extensions are not supported; remove the field in brackets");
  } else {
    // What was found instead may be a secret.
    const size_t end = std::min(text.find(", got: "), text.find(", found \""));
    diagnostics.AddAt(
        lines.At(complaint.line, complaint.column), "",
        fmt::format("not valid protobuf text: {}", Printable(text.substr(0, end), kMaxMessage)));
  }
}

}  // namespace

bool ReadTextproto(std::string_view text, v1::Config& config, Diagnostics& diagnostics) {
  Collector collector;
  ParseInfoTree tree;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(&tree);
  // Unknown fields become warnings, so that the parser goes on to find them all.
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kMaxTreeDepth);
  pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  const bool complete = parser.Parse(&stream, &config);

  const Lines lines(text);
  diagnostics.sources().Add("", {1, 1});
  Locator locator(lines, diagnostics.sources());
  locator.Walk(config, tree, {1, 1}, "");
  for (const Complaint& complaint : collector.complaints()) {
    Report(complaint, lines, locator, diagnostics);
  }
  return complete;
}

}  // namespace culvert::config
