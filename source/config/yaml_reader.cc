#include "source/config/yaml_reader.h"

#include <sstream>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "source/config/tree_builder.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/mark.h"
#include "yaml-cpp/parser.h"

namespace culvert::config {
namespace {

Position ToPosition(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Hands the events of yaml-cpp on to a TreeBuilder.
class EventReader : public YAML::EventHandler {
 public:
  TreeBuilder& builder() { return builder_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      builder_.Fail(ToPosition(mark), "a second document begins here; a config is one document");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    builder_.Leaf(MakeNode(Node::Kind::kNull, ToPosition(mark)), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    builder_.Alias(anchor, ToPosition(mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseTag(mark, tag);
    builder_.Leaf(MakeScalar(ToPosition(mark), value, tag == "!"), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    RefuseTag(mark, tag);
    builder_.Open(MakeNode(Node::Kind::kList, ToPosition(mark)), anchor);
  }
  void OnSequenceEnd() override { builder_.Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    RefuseTag(mark, tag);
    builder_.Open(MakeNode(Node::Kind::kMap, ToPosition(mark)), anchor);
  }
  void OnMapEnd() override { builder_.Close(); }

 private:
  // yaml-cpp gives plain values the tag "?" and quoted ones "!".
  void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag != "?" && tag != "!" && !tag.empty()) {
      builder_.Fail(ToPosition(mark), "tags such as '!!str' are not supported; remove the tag");
    }
  }

  TreeBuilder builder_;
  int documents_ = 0;
};

void Parse(std::string_view text, EventReader& reader) {
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    while (!reader.builder().failure() && parser.HandleNextDocument(reader)) {
    }
  } catch (const YAML::Exception& error) {
    reader.builder().Fail(ToPosition(error.mark), fmt::format("not valid YAML: {}", error.msg));
  }
}

}  // namespace

std::optional<Node> ReadYaml(std::string_view text, Diagnostics& diagnostics) {
  EventReader reader;
  Parse(text, reader);
  if (const auto& failure = reader.builder().failure()) {
    diagnostics.AddAt(failure->position, "", failure->message);
    return std::nullopt;
  }
  // A file of nothing but comments is a document that says nothing.
  return std::move(reader.builder().root()).value_or(MakeNode(Node::Kind::kNull, {1, 1}));
}

}  // namespace culvert::config
