#include "source/config/node.h"

namespace culvert::config {
namespace {

bool LooksLikeNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

Node MakeNode(Node::Kind kind, Position position) {
  Node node;
  node.kind = kind;
  node.position = position;
  return node;
}

Node MakeScalar(Position position, std::string_view text, bool quoted) {
  Node node = MakeNode(Node::Kind::kScalar, position);
  node.text = text;
  node.quoted = quoted;
  return node;
}

std::string_view Describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
    case Node::Kind::kScalar:
      break;
  }
  if (node.quoted) return "a string";
  if (node.text == "true" || node.text == "false") return "a boolean";
  return LooksLikeNumber(node.text) ? "a number" : "a string";
}

}  // namespace culvert::config
