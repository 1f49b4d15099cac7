#include "source/config/tree_builder.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

namespace culvert::config {
namespace {

// Text of all nodes together, so that aliases of long strings cannot fill the memory either.
constexpr size_t kMaxTreeBytes = size_t{64} << 20;

}  // namespace

void TreeBuilder::Leaf(Node node, Anchor anchor) {
  if (failure_ || !Charge({1, node.text.size(), 0}, node.position)) return;
  Put(std::move(node), anchor);
}

void TreeBuilder::Open(Node node, Anchor anchor) {
  if (failure_ || !Charge({1, 0, 1}, node.position)) return;
  open_.push_back({std::move(node), anchor, std::nullopt});
}

void TreeBuilder::Close() {
  if (failure_ || open_.empty()) return;
  Frame frame = std::move(open_.back());
  open_.pop_back();
  Put(std::move(frame.node), frame.anchor);
}

void TreeBuilder::Alias(Anchor anchor, Position position) {
  if (failure_) return;
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    return Fail(position, "an alias stands inside what it names; write the value out");
  }
  if (!Charge(Measure(found->second), position)) return;
  Node copy = found->second;
  copy.position = position;
  Put(std::move(copy), 0);
}

void TreeBuilder::Fail(Position position, std::string_view message) {
  if (!failure_) failure_ = Failure{position, std::string(message)};
}

TreeBuilder::Size TreeBuilder::Measure(const Node& node) {
  Size size{1, node.text.size(), 0};
  const auto add = [&size](const Node& child) {
    const Size part = Measure(child);
    size.nodes += part.nodes;
    size.bytes += part.bytes;
    size.depth = std::max(size.depth, part.depth);
  };
  for (const Node& item : node.items) add(item);
  for (const Node::Entry& entry : node.entries) {
    size.bytes += entry.key.size();
    add(entry.value);
  }
  if (node.kind == Node::Kind::kList || node.kind == Node::Kind::kMap) ++size.depth;
  return size;
}

bool TreeBuilder::Charge(const Size& size, Position position) {
  nodes_ += size.nodes;
  bytes_ += size.bytes;
  if (open_.size() + size.depth > kMaxTreeDepth) {
    Fail(position, fmt::format("nested too deeply; at most {} levels", kMaxTreeDepth));
  } else if (nodes_ > kMaxTreeNodes) {
    Fail(position,
         fmt::format("too many values, those behind aliases included; at most {}", kMaxTreeNodes));
  } else if (bytes_ > kMaxTreeBytes) {
    Fail(position, "too much text, that behind aliases included; at most 64MiB");
  }
  return !failure_;
}

void TreeBuilder::Put(Node node, Anchor anchor) {
  if (anchor != 0) {
    // The copy that aliases are made of takes memory like any other.
    if (!Charge(Measure(node), node.position)) return;
    anchors_.insert_or_assign(anchor, node);
  }
  if (open_.empty()) {
    root_ = std::move(node);
  } else if (open_.back().node.kind == Node::Kind::kList) {
    open_.back().node.items.push_back(std::move(node));
  } else {
    PutInMap(open_.back(), std::move(node));
  }
}

void TreeBuilder::PutInMap(Frame& frame, Node node) {
  if (frame.key) {
    frame.node.entries.push_back(
        {std::move(frame.key->text), frame.key->position, std::move(node)});
    frame.key.reset();
  } else if (node.kind == Node::Kind::kScalar) {
    frame.key = std::move(node);
  } else {
    Fail(node.position, fmt::format("expected a name before ':', found {}", Describe(node)));
  }
}

}  // namespace culvert::config
