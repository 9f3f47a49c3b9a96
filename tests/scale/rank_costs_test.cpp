// The predicted costs of a step over ranks in closed form, in shapes where they are known.
#include "scale/rank_costs.hpp"

#include "scale/link_backlog.hpp"
#include "support/catch.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

RunConfig config_of(Index hidden) {
  RunConfig config;
  config.model = model_config(64, {LstmConfig{64, 0}, moe_config(16, 2, {hidden}), LstmConfig{64, 0}}, 0.0);
  return config;
}

constexpr MachineRates kMachine{1e9, 1e9};
constexpr Network kNetwork{1e8, 1e-5, 1e-6};

StepShape shape_of(Index rows, int ranks) {
  StepShape shape;
  shape.vocabulary = 1000;
  shape.rows = rows;
  shape.ranks = ranks;
  shape.table_rows = 200;
  shape.overlapped = false;
  return shape;
}

RankCosts costs_of(const RunConfig& config, int ranks, const Unevenness& unevenness = {}) {
  return rank_costs(config, shape_of(640, ranks), kMachine, kNetwork, unevenness);
}

}  // namespace

TEST_CASE("one rank sends nothing and waits for nobody") {
  const RankCosts one = costs_of(config_of(128), 1, {0.5, 0.5, 4});
  REQUIRE(one.bytes() == 0);
  REQUIRE(one.seconds() == one.compute);
}

TEST_CASE("bytes follow from rows, width and copies") {
  const RankCosts two = costs_of(config_of(128), 2);
  // 320 rows, 2 experts each, 64 numbers, four times, half of them to the other rank.
  REQUIRE(two.exchange_bytes == Approx(320 * 2 * 64 * 4 * 4 / 2));
  // Two LSTMs, the gate with its noise, the softmax; half of the sums go out, and half of the sums of the other half.
  const double copied = 2 * (4 * 64 * 128 + 4 * 64) + 2 * 16 * 64 + 1000 * 65;
  REQUIRE(two.copy_bytes == Approx(2 * copied * 4 / 2));
  REQUIRE(two.table_bytes == Approx(200 * (64 * 4 + 4) + 24));
}

TEST_CASE("work is that of the products and of the memory behind them") {
  const RankCosts one = costs_of(config_of(128), 1);
  // Two LSTMs, the gate with its noise, two experts, the softmax; three times.
  const double of_row = 2 * 4 * 64 * 128 + 2 * 16 * 64 + 2 * 2 * 64 * 128 + 64 * 1000;
  REQUIRE(one.compute > 640 * 3 * of_row / 1e9);
  REQUIRE(one.compute < 1.1 * 640 * 3 * of_row / 1e9);
}

TEST_CASE("larger experts do more work for each number that travels") {
  const RankCosts small = costs_of(config_of(128), 4), large = costs_of(config_of(512), 4);
  REQUIRE(small.exchange == large.exchange);
  REQUIRE(large.compute > small.compute);
}

TEST_CASE("the batch of all ranks passes the link of rank 0") {
  const RankCosts four = costs_of(config_of(128), 4), eight = costs_of(config_of(128), 8);
  // Two ids of four bytes for each of 160 rows, and eight bytes for each of 20 steps.
  REQUIRE(four.leader > 3 * (8 * 160 + 8 * 20) / 1e8);
  REQUIRE(four.leader < 1.05 * 3 * (8 * 160 + 8 * 20) / 1e8);
  REQUIRE(eight.leader > four.leader);  // the same batch goes to more of them
}

TEST_CASE("lanes are dealt whole: the rank with one more has more to do") {
  StepShape shape = shape_of(640, 3);
  const RankCosts even = rank_costs(config_of(128), shape, kMachine, kNetwork, {0});
  shape.lanes = 4;
  const RankCosts uneven = rank_costs(config_of(128), shape, kMachine, kNetwork, {0});
  REQUIRE(row_share(shape, 0) == Approx(1.5));
  REQUIRE(row_share(shape, 2) == Approx(0.75));
  REQUIRE(uneven.waiting > even.waiting + 0.3 * even.compute);
}

TEST_CASE("uneven loads, speeds and narrow cores cost what their formulas say") {
  const RankCosts even = costs_of(config_of(128), 4, {0});
  // All wait for the messages of rank 0 to three others, two orders and the batch.
  REQUIRE(even.waiting == Approx(3 * (3 - 2 * 3 / 4.0) * 1e-6));
  const RankCosts narrow = costs_of(config_of(128), 4, {0, 0, 3});
  REQUIRE(narrow.exchange == Approx(3 * even.exchange));
  REQUIRE(narrow.copies == Approx(3 * even.copies));
  REQUIRE(narrow.leader == Approx(even.leader));  // one link is narrower than the core
  const RankCosts jitter = costs_of(config_of(128), 4, {0, 0.1});
  REQUIRE(jitter.waiting - even.waiting == Approx(0.1 * 1.0294 * jitter.compute).epsilon(1e-3));
  REQUIRE(costs_of(config_of(128), 4, {0.3}).waiting > 0);
}

TEST_CASE("the greatest of normal numbers") {
  CHECK(expected_greatest(1) == Approx(0).margin(1e-6));
  CHECK(expected_greatest(2) == Approx(0.56419).epsilon(1e-4));  // 1 / sqrt(pi)
  CHECK(expected_greatest(3) == Approx(0.84628).epsilon(1e-4));  // 3 / (2 sqrt(pi))
  CHECK(expected_greatest(1000) == Approx(3.2414).epsilon(1e-3));
}

TEST_CASE("what limits a step is named") {
  RankCosts costs;
  costs.compute = 1;
  costs.copies = 0.05;
  CHECK(limit_of(costs) == "work");
  costs.exchange = 0.2;
  CHECK(limit_of(costs) == kRowsToExperts);
  costs.leader = 0.3;
  CHECK(limit_of(costs) == "batches of rank 0");
}

TEST_CASE("messages beside work share a link, and what is left of them is waited for") {
  LinkBacklog backlog;
  backlog.add(1, 3);
  backlog.add(2, 5);
  backlog.pass(2);  // one second of each
  CHECK(backlog.await(1) == Approx(4));
  CHECK(backlog.await(2) == Approx(2));
  CHECK(backlog.await(2) == 0);
  backlog.add(3, 1);
  backlog.pass(10);
  CHECK(backlog.await(3) == 0);
}
