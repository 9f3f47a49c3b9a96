// The predicted costs of a step over ranks, in shapes where they are known.
#include "training/rank_costs.hpp"

#include "support/catch.hpp"
#include "support/tiny_data.hpp"
#include "training/memory.hpp"

using namespace moelm;

namespace {

RunConfig config_of(Index hidden) {
  RunConfig config;
  config.model = model_config(64, {LstmConfig{64, 0}, moe_config(16, 2, {hidden}), LstmConfig{64, 0}}, 0.0);
  return config;
}

constexpr MachineRates kMachine{1e9, 1e9};
constexpr Network kNetwork{1e8, 1e-5};

}  // namespace

TEST_CASE("one rank sends nothing") {
  const RankCosts one = rank_costs(config_of(128), 1000, 640, 1, kMachine, kNetwork);
  REQUIRE(one.exchange_bytes + one.copy_bytes + one.table_bytes == 0);
  REQUIRE(one.seconds() == one.compute);
}

TEST_CASE("bytes follow from rows, width and copies") {
  const RankCosts two = rank_costs(config_of(128), 1000, 640, 2, kMachine, kNetwork);
  // 320 rows, 2 experts each, 64 numbers, four times, half of them to the other rank; the busier one has some more.
  REQUIRE(two.exchange_bytes > 320 * 2 * 64 * 4 * 4 / 2);
  REQUIRE(two.exchange_bytes < 1.1 * 320 * 2 * 64 * 4 * 4 / 2);
  // Two LSTMs, the gate with its noise, the softmax; half of the sums go out, and half of the sums of the other half.
  const double copied = 2 * (4 * 64 * 128 + 4 * 64) + 2 * 16 * 64 + 1000 * 65;
  REQUIRE(two.copy_bytes == Approx(2 * copied * 4 / 2));
  REQUIRE(two.table_bytes == Approx(320 * 64 * 4));
}

TEST_CASE("larger experts do more work for each number that travels") {
  const RankCosts small = rank_costs(config_of(128), 1000, 640, 4, kMachine, kNetwork),
                  large = rank_costs(config_of(512), 1000, 640, 4, kMachine, kNetwork);
  REQUIRE(small.exchange == large.exchange);
  REQUIRE(large.compute > small.compute);
}

TEST_CASE("a rank needs its share of the experts' memory") {
  const RunConfig config = config_of(128);
  const TrainingMemory one = training_memory(config.model, 1000, {640, 0, 0, 32, 0, false, 1}, 1, config.optimizer),
                       four = training_memory(config.model, 1000, {640, 0, 0, 32, 0, false, 4}, 1, config.optimizer);
  const Index experts = 16 * 2 * 64 * 128 * 4;
  REQUIRE(one.weights - four.weights == experts * 3 / 4);
  REQUIRE(one.exchange == 0);
  REQUIRE(four.exchange > 0);
  REQUIRE(four.moments < one.moments);
}
