// A config file as a tree, before anything is known of its meaning: what the YAML and JSON readers
// make and the converter reads. A value, owned by the loader for one load.
#ifndef CULVERT_SOURCE_CONFIG_NODE_H_
#define CULVERT_SOURCE_CONFIG_NODE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "source/config/position.h"

namespace culvert::config {

// Bounds of every tree, whatever the format: nesting, and nodes after aliases have been followed.
constexpr size_t kMaxTreeDepth = 100;
constexpr size_t kMaxTreeNodes = 1 << 20;

struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  Position position;
  // Of a scalar: its text with escapes resolved, and whether it was written as a string in quotes.
  std::string text;
  bool quoted = false;
  std::vector<Node> items;
  // In the order of the file. The same key may stand there twice: the converter, which knows paths,
  // refuses it.
  std::vector<Entry> entries;
};

struct Node::Entry {
  std::string key;
  Position key_position;
  Node value;
};

// A node without content.
Node MakeNode(Node::Kind kind, Position position);
Node MakeScalar(Position position, std::string_view text, bool quoted);

// `nothing`, `a string`, `a number`, `a boolean`, `a list` or `a map`: for errors.
std::string_view Describe(const Node& node);

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_NODE_H_
