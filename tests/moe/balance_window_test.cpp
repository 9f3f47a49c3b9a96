// Earlier steps count in the balancing losses as if they belonged to the batch.
#include "moe/balance_window.hpp"

#include <cmath>

#include "moe/balance.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

RoutingSums flat_sums(std::vector<double> importance, std::vector<double> load) {
  RoutingSums sums;
  sums.reset(static_cast<Index>(load.size()));
  sums.rows = 10;
  sums.importance = std::move(importance);
  sums.load = std::move(load);
  return sums;
}

}  // namespace

TEST_CASE("the same step again and again weighs as many steps as the window has") {
  MoeConfig config;
  config.experts = 3;
  BalanceWindow window = make_balance_window(config);
  const RoutingSums step = flat_sums({1, 2, 3}, {4, 5, 6});
  for (int t = 1; t <= 400; ++t) {
    window.advance(step, 20);
    // Weights 19/20 + (19/20)^2 + ... of t steps.
    REQUIRE(window.steps == Approx(19 * (1 - std::pow(0.95, t))));
  }
  const RoutingSums sums = window.with(step);
  for (std::size_t e = 0; e < 3; ++e) {
    REQUIRE(sums.importance[e] == Approx(20 * step.importance[e]));
    REQUIRE(sums.load[e] == Approx(20 * step.load[e]));
  }
  REQUIRE(sums.rows == step.rows);
  REQUIRE(window.weighted(config).w_importance == Approx(20 * config.w_importance));
  REQUIRE(window.weighted(config).w_load == Approx(20 * config.w_load));
}

TEST_CASE("steps that are uneven in turn are even together") {
  MoeConfig config;
  config.experts = 2;
  BalanceWindow window = make_balance_window(config);
  const RoutingSums left = flat_sums({8, 0}, {8, 0}), right = flat_sums({0, 8}, {0, 8});
  for (int t = 0; t < 500; ++t) window.advance(t % 2 == 0 ? left : right, 100);
  REQUIRE(cv_squared(left.importance) == Approx(1));
  REQUIRE(cv_squared(window.with(left).importance) < 1e-4);
}

TEST_CASE("the levels of a hierarchy are combined after their sums") {
  MoeConfig config;
  config.experts = 4;
  config.groups = 2;
  BalanceWindow window = make_balance_window(config);
  RoutingSums step = flat_sums({1, 1, 1, 1}, {0, 0, 0, 0});
  step.primary_load = {6, 4};
  step.secondary_load = {1, 5, 4, 0};
  step.group_rows = {6, 0};
  step.combine_levels();
  window.advance(step, 2);
  const RoutingSums sums = window.with(step);
  REQUIRE(sums.load[1] == Approx(9 * 7.5 / 9));
  REQUIRE(sums.load[2] == 0);
  REQUIRE(window_tensors("w.", window).size() == 6);
}
