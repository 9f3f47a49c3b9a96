// The tree that sums over lanes: the same additions whoever has which lane.
#include "dist/lane_tree.hpp"

#include <string>

#include "support/catch.hpp"

using namespace moelm;

namespace {

/// The sum of lanes 0 ... lanes - 1 as text, with the additions of each rank in its own hands.
std::string sum_of(Index lanes, int ranks) {
  const auto add = [](std::string& left, const std::string& right) { left = "(" + left + "+" + right + ")"; };
  LaneSum<std::string> all(lanes);
  for (int r = 0; r < ranks; ++r) {
    const LaneNode range = lanes_of_rank(lanes, r, ranks);
    LaneSum<std::string> own(lanes);
    for (Index l = range.first; l < range.last; ++l) own.push({l, l + 1}, std::to_string(l), add);
    std::vector<LaneNode> nodes;
    for (const auto& [node, text] : own.nodes()) {
      nodes.push_back(node);
      all.push(node, text, add);
    }
    REQUIRE(nodes == nodes_of(range, lanes));
  }
  return all.total();
}

}  // namespace

TEST_CASE("lanes are added in pairs") {
  REQUIRE(sum_of(1, 1) == "0");
  REQUIRE(sum_of(3, 1) == "((0+1)+2)");
  REQUIRE(sum_of(4, 1) == "((0+1)+(2+3))");
  REQUIRE(sum_of(7, 1) == "(((0+1)+(2+3))+((4+5)+6))");
}

TEST_CASE("every number of ranks makes the same additions") {
  for (Index lanes = 1; lanes <= 33; ++lanes)
    for (int ranks = 1; ranks <= lanes; ++ranks) {
      CAPTURE(lanes, ranks);
      REQUIRE(sum_of(lanes, ranks) == sum_of(lanes, 1));
    }
}

TEST_CASE("shares cover everything once and differ by at most one") {
  for (Index count = 0; count <= 70; ++count)
    for (int ranks = 1; ranks <= 64; ++ranks) {
      REQUIRE(share_begin(count, 0, ranks) == 0);
      REQUIRE(share_begin(count, ranks, ranks) == count);
      for (int r = 0; r < ranks; ++r) {
        const Index size = share_begin(count, r + 1, ranks) - share_begin(count, r, ranks);
        REQUIRE(size >= count / ranks);
        REQUIRE(size <= count / ranks + 1);
      }
      for (Index i = 0; i < count; ++i) {
        const int owner = share_of(count, i, ranks);
        REQUIRE(share_begin(count, owner, ranks) <= i);
        REQUIRE(i < share_begin(count, owner + 1, ranks));
      }
    }
}
