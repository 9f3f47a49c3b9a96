// Sums over the lanes of a step in an order that does not depend on who has which lane.
//
// A step's batch is cut into L lanes. Each lane has its own partial sum; they are added along one fixed binary tree
// over the lanes: a node [first, last) is the sum of [first, middle) and [middle, last), where middle - first is the
// greatest power of two below last - first. A rank adds what it can of its own lanes, and the rank that collects the
// sums of all ranks adds the rest, so every number of ranks does the same additions.
#pragma once

#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/index.hpp"
#include "dist/collectives.hpp"

namespace moelm {

/// Lanes first ... last - 1.
struct LaneNode {
  Index first = 0, last = 0;
  bool operator==(const LaneNode&) const = default;
};

/// Whether the two nodes are the left and the right half of a node of the tree over `lanes` lanes.
bool are_halves(LaneNode left, LaneNode right, Index lanes);

/// The lanes of a rank: contiguous, shares differing by at most one.
inline LaneNode lanes_of_rank(Index lanes, int rank, int ranks) {
  return {share_begin(lanes, rank, ranks), share_begin(lanes, rank + 1, ranks)};
}

/// Adds values along the tree. Values come in rising order of their lanes, without a gap; each replaces what it
/// completes.
template <class T>
class LaneSum {
 public:
  explicit LaneSum(Index lanes) : lanes_(lanes) {}

  /// `add(left, right)` has to make left the sum of both.
  template <class Add>
  void push(LaneNode node, T value, Add&& add) {
    ensure(nodes_.empty() || nodes_.back().first.last == node.first, "lanes come in order");
    nodes_.emplace_back(node, std::move(value));
    while (nodes_.size() > 1 && are_halves(nodes_[nodes_.size() - 2].first, nodes_.back().first, lanes_)) {
      auto& left = nodes_[nodes_.size() - 2];
      add(left.second, nodes_.back().second);
      left.first.last = nodes_.back().first.last;
      nodes_.pop_back();
    }
  }

  /// What is not added yet, in rising order of the lanes: few, as the tree is flat.
  std::vector<std::pair<LaneNode, T>>& nodes() { return nodes_; }

  /// The sum of all lanes. REQUIRES all of them.
  T& total() {
    ensure(nodes_.size() == 1 && nodes_[0].first == LaneNode{0, lanes_}, "all lanes are added");
    return nodes_[0].second;
  }

 private:
  Index lanes_;
  std::vector<std::pair<LaneNode, T>> nodes_;
};

/// The nodes that remain when lanes `range` of `lanes` are added.
std::vector<LaneNode> nodes_of(LaneNode range, Index lanes);

}  // namespace moelm
