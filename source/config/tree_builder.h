// Builds a tree from the events of a parser that knows nothing of bounds, and keeps the bounds of
// node.h. Owned by a reader for one document.
#ifndef CULVERT_SOURCE_CONFIG_TREE_BUILDER_H_
#define CULVERT_SOURCE_CONFIG_TREE_BUILDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "source/config/node.h"

namespace culvert::config {

class TreeBuilder {
 public:
  // Names a node for aliases; zero: the node has no name.
  using Anchor = uint64_t;

  // A node that holds no others. It becomes an item of the open list, or a key or a value of the
  // open map.
  void Leaf(Node node, Anchor anchor);
  // A list or map, open until Close().
  void Open(Node node, Anchor anchor);
  void Close();
  // A copy of the node that was named `anchor`.
  void Alias(Anchor anchor, Position position);

  // The first error wins, and what comes after it is not looked at.
  void Fail(Position position, std::string_view message);

  struct Failure {
    Position position;
    std::string message;
  };
  const std::optional<Failure>& failure() const { return failure_; }
  // The finished tree, if there was no failure and there was a document.
  std::optional<Node>& root() { return root_; }

 private:
  struct Size {
    size_t nodes = 0;
    size_t bytes = 0;
    size_t depth = 0;
  };
  struct Frame {
    Node node;
    Anchor anchor;
    // The key of a map's next value, once it has been read.
    std::optional<Node> key;
  };

  static Size Measure(const Node& node);
  // Counts `size` towards the bounds; fails if it goes beyond them.
  bool Charge(const Size& size, Position position);
  void Put(Node node, Anchor anchor);
  void PutInMap(Frame& frame, Node node);

  std::vector<Frame> open_;
  std::unordered_map<Anchor, Node> anchors_;
  size_t nodes_ = 0;
  size_t bytes_ = 0;
  std::optional<Node> root_;
  std::optional<Failure> failure_;
};

}  // namespace culvert::config

#endif  // CULVERT_SOURCE_CONFIG_TREE_BUILDER_H_
