// The plan of who computes what: nothing lost, nothing twice, and combining undoes dispatching.
#include "moe/dispatch.hpp"

#include <algorithm>
#include <set>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

/// k different experts a row, from a stream; gates positive with sum 1.
Routing random_routing(Index rows, Index experts, Index k) {
  Routing r;
  r.rows = rows;
  r.experts = experts;
  r.sums.reset(experts);
  r.begin.push_back(0);
  const RandomStream stream(1, "routing", 0);
  for (Index n = 0; n < rows; ++n) {
    std::set<std::int32_t> taken;
    for (Index draw = 0; static_cast<Index>(taken.size()) < k; ++draw) {
      const auto e = static_cast<std::int32_t>(stream.uniform(0, n, draw) * static_cast<float>(experts)) %
                     static_cast<int>(experts);
      if (!taken.insert(e).second) continue;
      r.expert.push_back(e);
      r.gate.push_back(static_cast<float>(taken.size()) / static_cast<float>(k * (k + 1) / 2));
      ++r.sums.tokens[static_cast<std::size_t>(e)];
    }
    r.begin.push_back(r.pairs());
  }
  return r;
}

struct Shape {
  Index rows, experts, k;
};

const Shape kShapes[] = {{1, 1, 1}, {1, 7, 3}, {40, 5, 1}, {40, 5, 5}, {40, 1, 1}, {3, 100, 2}, {500, 16, 4}};

}  // namespace

TEST_CASE("every pair has one slot, within its expert's range, and knows its row") {
  for (const Shape& s : kShapes) {
    CAPTURE(s.rows, s.experts, s.k);
    const Routing routing = random_routing(s.rows, s.experts, s.k);
    Dispatch d;
    d.slot.assign(3, 9);  // of an earlier pass
    plan_dispatch(routing, d);
    REQUIRE(d.slots() == s.rows * s.k);
    REQUIRE(d.offset.size() == static_cast<std::size_t>(s.experts) + 1);
    REQUIRE(d.offset.back() == d.slots());
    std::set<std::int32_t> used(d.slot.begin(), d.slot.end());
    REQUIRE(used.size() == d.slot.size());
    for (std::size_t pair = 0; pair < d.slot.size(); ++pair) {
      const auto e = static_cast<std::size_t>(routing.expert[pair]);
      REQUIRE(d.slot[pair] >= d.offset[e]);
      REQUIRE(d.slot[pair] < d.offset[e + 1]);
      REQUIRE(d.row[static_cast<std::size_t>(d.slot[pair])] == static_cast<Index>(pair) / s.k);
    }
    for (std::size_t e = 0; e + 1 < d.offset.size(); ++e)
      REQUIRE(std::is_sorted(d.row.begin() + d.offset[e], d.row.begin() + d.offset[e + 1]));
  }
}

TEST_CASE("with identity experts and gates of sum one, combining what was dispatched gives the rows back") {
  Context context(2);
  for (const Shape& s : kShapes) {
    CAPTURE(s.rows, s.experts, s.k);
    const Routing routing = random_routing(s.rows, s.experts, s.k);
    Dispatch d;
    plan_dispatch(routing, d);
    const Matrix x = random_matrix(s.rows, 9, 2);
    Matrix slots(d.slots(), 9), y = random_matrix(s.rows, 9, 3);
    dispatch_rows(context, d, x, slots);
    combine_rows(context, d, routing, slots, y);
    REQUIRE(mismatch("combine(dispatch(x))", y.values(), x.values(), 1e-6) == "");
  }
}

TEST_CASE("dispatching equals the loop over tokens and experts") {
  Context context(2);
  for (const Shape& s : kShapes) {
    const Routing routing = random_routing(s.rows, s.experts, s.k);
    Dispatch d;
    plan_dispatch(routing, d);
    const Matrix x = random_matrix(s.rows, 4, 2);
    Matrix slots(d.slots(), 4);
    dispatch_rows(context, d, x, slots);
    std::vector<float> expected;
    for (Index e = 0; e < s.experts; ++e)
      for (Index n = 0; n < s.rows; ++n)
        for (Index j = 0; j < s.k; ++j)
          if (routing.expert[static_cast<std::size_t>(n * s.k + j)] == e)
            expected.insert(expected.end(), x.row(n), x.row(n) + 4);
    REQUIRE(std::equal(expected.begin(), expected.end(), slots.values().begin(), slots.values().end()));
  }
}
