#include "dist/lane_tree.hpp"

#include <bit>

namespace moelm {

namespace {

/// Where the node is cut in two.
Index middle(LaneNode node) {
  const auto count = static_cast<std::uint64_t>(node.last - node.first);
  return node.first + static_cast<Index>(std::bit_floor(count - 1));
}

}  // namespace

bool are_halves(LaneNode left, LaneNode right, Index lanes) {
  const LaneNode both{left.first, right.last};
  LaneNode node{0, lanes};
  while (node.last - node.first > 1) {
    const Index cut = middle(node);
    if (node == both) return cut == left.last;
    // Down into the half that holds both, if one does.
    if (both.last <= cut)
      node.last = cut;
    else if (both.first >= cut)
      node.first = cut;
    else
      return false;
  }
  return false;
}

std::vector<LaneNode> nodes_of(LaneNode range, Index lanes) {
  struct Nothing {};
  LaneSum<Nothing> sum(lanes);
  for (Index l = range.first; l < range.last; ++l) sum.push({l, l + 1}, {}, [](Nothing&, Nothing&) {});
  std::vector<LaneNode> nodes;
  for (const auto& [node, nothing] : sum.nodes()) nodes.push_back(node);
  return nodes;
}

}  // namespace moelm
