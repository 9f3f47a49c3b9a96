// Transfers that can be worked out by hand, over links of 100 bytes a second.
#include "scale/fair_network.hpp"

#include <map>
#include <utility>

#include "scale/rank_classes.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

constexpr SharedLinks kLinks{100, 0};

using Sizes = std::map<std::pair<std::size_t, std::size_t>, double>;

std::vector<double> times(std::vector<double> starts, const Sizes& sizes, const SharedLinks& links = kLinks) {
  std::vector<RankClass> ranks;
  for (const double start : starts) ranks.push_back({1, start});
  return transfer_times(ranks, links, [&](std::size_t from, std::size_t to) {
    const auto found = sizes.find({from, to});
    return found == sizes.end() ? 0.0 : found->second;
  });
}

}  // namespace

TEST_CASE("a link carries both directions at once") {
  const std::vector<double> end = times({0, 0}, {{{0, 1}, 100}, {{1, 0}, 50}});
  CHECK(end[0] == Approx(1));
  CHECK(end[1] == Approx(1));
}

TEST_CASE("messages into one rank share its link") {
  const std::vector<double> end = times({0, 0, 0, 0}, {{{1, 0}, 100}, {{2, 0}, 100}, {{3, 0}, 200}});
  // Two end after 3 s with a third of the link each; then 100 bytes are left for the third.
  CHECK(end[1] == Approx(3).epsilon(2e-3));
  CHECK(end[3] == Approx(4).epsilon(2e-3));
  CHECK(end[0] == Approx(4).epsilon(2e-3));
}

TEST_CASE("what one message cannot use, others on its link get") {
  // Three messages into rank 3 have a third of its link each. Rank 2 has two thirds of its own left for rank 4.
  const std::vector<double> end = times({0, 0, 0, 0, 0}, {{{0, 3}, 100}, {{1, 3}, 100}, {{2, 3}, 100}, {{2, 4}, 200}});
  CHECK(end[3] == Approx(3).epsilon(2e-3));
  CHECK(end[4] == Approx(3).epsilon(2e-3));
}

TEST_CASE("the core of a network is shared by all messages") {
  std::vector<RankClass> ranks{{4, 0}};
  const auto hundred = [](std::size_t, std::size_t) { return 100.0; };
  CHECK(transfer_times(ranks, {100, 0}, hundred)[0] == Approx(3));
  CHECK(transfer_times(ranks, {100, 400}, hundred)[0] == Approx(3));
  CHECK(transfer_times(ranks, {100, 200}, hundred)[0] == Approx(6));  // 12 messages
}

TEST_CASE("a message flows when both its ranks have started") {
  const std::vector<double> end = times({0, 2, 0}, {{{0, 1}, 100}, {{0, 2}, 150}});
  // Rank 2 gets its 150 bytes in 1.5 s, before rank 1 has started.
  CHECK(end[2] == Approx(1.5));
  CHECK(end[1] == Approx(3));
  CHECK(end[0] == Approx(3));
  CHECK(times({5, 1}, {})[0] == 5);
}

TEST_CASE("a class of ranks is as many ranks alike") {
  const auto bytes = [](std::size_t from, std::size_t to) { return from < 2 && to >= 2 ? 60.0 : 30.0; };
  const std::vector<double> alone = times({0, 0, 1, 1, 1}, [&] {
    Sizes sizes;
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t j = 0; j < 5; ++j)
        if (i != j) sizes[{i, j}] = bytes(i, j);
    return sizes;
  }());
  const std::vector<double> joined =
      transfer_times({{2, 0}, {3, 1}}, kLinks, [&](std::size_t i, std::size_t j) { return bytes(2 * i, 2 * j); });
  CHECK(alone[0] == Approx(joined[0]));
  CHECK(alone[4] == Approx(joined[1]));
}

TEST_CASE("ranks that are alike are joined, and what they have together stays") {
  std::vector<RankPart> ranks(100, RankPart{1, 1, 1});
  CHECK(classes_of(ranks, false).classes.size() == 1);
  CHECK(classes_of(ranks, true).classes.size() == 2);
  for (std::size_t r = 0; r < ranks.size(); ++r) ranks[r].load = static_cast<double>(r) / 100;
  const RankClasses joined = classes_of(ranks, false);
  CHECK(joined.classes.size() == 8);
  double all = 0, load = 0;
  for (std::size_t c = 0; c < joined.classes.size(); ++c) {
    all += joined.classes[c].ranks;
    load += joined.classes[c].ranks * joined.parts[c].load;
  }
  CHECK(all == 100);
  CHECK(load == Approx(49.5));
  ranks.resize(5);
  CHECK(classes_of(ranks, false).classes.size() == 5);
}
