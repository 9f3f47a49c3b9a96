// The simulated step: the closed form where that is exact, and small cases worked out by hand.
#include "scale/step_simulation.hpp"

#include <cmath>
#include <numbers>
#include <utility>

#include "support/catch.hpp"
#include "support/paper_models.hpp"

using namespace moelm;

namespace {

RunConfig config_of(const MoeConfig& moe) {
  RunConfig config;
  config.model = around(moe);
  return config;
}

MoeConfig two_levels() {
  MoeConfig moe = flat(4096);
  moe.k = 2;
  moe.groups = 16;
  moe.k_groups = 2;
  return moe;
}

StepShape shape_of(int ranks, Index rows_of_rank = 1280) {
  StepShape shape;
  shape.vocabulary = 10000;
  shape.ranks = ranks;
  shape.rows = ranks * rows_of_rank;
  return shape;
}

StepShape in_turn(int ranks) {
  StepShape shape = shape_of(ranks);
  shape.overlapped = false;
  return shape;
}

constexpr MachineRates kMachine{85e9, 14e9};
constexpr Network kSlow{125e6, 25e-6, 5e-6}, kFast{1e15, 0, 0};

}  // namespace

TEST_CASE("without anything uneven the simulation is the closed form") {
  for (const MoeConfig& moe : {flat(256), two_levels()})
    for (const int ranks : {1, 2, 3, 4, 7, 16, 64, 256, 1000})
      for (const auto& [network, overlapped] :
           {std::pair{Network{}, true}, std::pair{kSlow, true}, std::pair{kSlow, false}}) {
        const RunConfig config = config_of(moe);
        const Unevenness even{0};
        const StepShape shape = overlapped ? shape_of(ranks) : in_turn(ranks);
        const RankCosts closed = rank_costs(config, shape, kMachine, network, even),
                        simulated = simulate_step(config, shape, kMachine, network, even);
        CAPTURE(moe.experts, ranks, network.bytes_per_second, overlapped);
        CHECK(simulated.seconds() == Approx(closed.seconds()).epsilon(0.02));
        CHECK(simulated.compute == Approx(closed.compute).epsilon(0.02));
        CHECK(simulated.bytes() == closed.bytes());
        if (256 % ranks != 0) continue;
        CHECK(simulated.exchange == Approx(closed.exchange).epsilon(0.02));
        CHECK(simulated.copies == Approx(closed.copies).epsilon(0.02));
        CHECK(simulated.tables == Approx(closed.tables).epsilon(0.02));
        CHECK(simulated.leader == Approx(closed.leader).epsilon(0.02));
        CHECK(simulated.messages == Approx(closed.messages).epsilon(0.02));
        CHECK(simulated.waiting == Approx(closed.waiting).margin(0.02 * closed.seconds()));
      }
}

TEST_CASE("a narrow core makes all but the messages of rank 0 longer") {
  const RunConfig config = config_of(flat(256));
  const RankCosts wide = simulate_step(config, in_turn(8), kMachine, kSlow, {0}),
                  narrow = simulate_step(config, in_turn(8), kMachine, kSlow, {0, 0, 4});
  CHECK(narrow.exchange == Approx(4 * wide.exchange).epsilon(1e-3));
  CHECK(narrow.copies == Approx(4 * wide.copies).epsilon(1e-3));
  CHECK(narrow.tables == Approx(4 * wide.tables).epsilon(1e-3));
  CHECK(narrow.leader == Approx(wide.leader).epsilon(1e-3));
}

TEST_CASE("of two ranks the slower one decides: the mean of two speeds' greatest is sigma / sqrt(pi) above one") {
  const RunConfig config = config_of(flat(256));
  const RankCosts jitter = simulate_step(config, shape_of(2), kMachine, kFast, {0, 0.05}, {1, 3000});
  CHECK(jitter.waiting / jitter.compute == Approx(0.05 / std::sqrt(std::numbers::pi)).epsilon(0.05));
  // Other draws, another result; the same draws, the same.
  CHECK(simulate_step(config, shape_of(2), kMachine, kFast, {0, 0.05}, {2, 3000}).waiting != jitter.waiting);
  CHECK(simulate_step(config, shape_of(2), kMachine, kFast, {0, 0.05}, {1, 3000}).waiting == jitter.waiting);
}

TEST_CASE("uneven loads cost about what the closed form says") {
  const RunConfig config = config_of(flat(256));
  for (const int ranks : {2, 8, 64}) {
    const Unevenness uneven{0.3};
    const double simulated = simulate_step(config, shape_of(ranks), kMachine, kFast, uneven, {1, 200}).waiting,
                 closed = rank_costs(config, shape_of(ranks), kMachine, kFast, uneven).waiting;
    CAPTURE(ranks);
    CHECK(simulated == Approx(closed).epsilon(0.2));
  }
}

TEST_CASE("beside work messages take what time of the link they need, and no more") {
  const RunConfig config = config_of(flat(256));
  const StepShape overlapped = shape_of(4);
  const Unevenness even{0};
  const MachineRates slow{1e9, 1e9}, fast{1e15, 1e15};
  const RankCosts apart = simulate_step(config, in_turn(4), slow, kSlow, even),
                  beside = simulate_step(config, overlapped, slow, kSlow, even);
  // A slow machine works long enough to hide all sums. The rows have no work beside them.
  CHECK(apart.copies > 0.1);
  CHECK(beside.copies == Approx(0).margin(1e-6));
  CHECK(beside.tables == Approx(0).margin(1e-6));
  CHECK(beside.exchange == Approx(apart.exchange).epsilon(1e-3));
  CHECK(beside.bytes() == Approx(apart.bytes()).epsilon(1e-3));
  // A machine that takes no time hides nothing.
  const RankCosts nothing = simulate_step(config, overlapped, fast, kSlow, even),
                  all = simulate_step(config, in_turn(4), fast, kSlow, even);
  CHECK(nothing.copies + nothing.tables + nothing.exchange ==
        Approx(all.copies + all.tables + all.exchange).epsilon(0.02));
}
