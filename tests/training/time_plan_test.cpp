// How many steps fit into a time, and when that is planned.
#include "training/time_plan.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace moelm;

namespace {

/// Steps of one length until the plan is due. Returns the seconds that they took.
double until_due(TimePlan& plan, double elapsed, double step_seconds) {
  const double begin = elapsed;
  do {
    plan.add_step(step_seconds);
    elapsed += step_seconds;
  } while (!plan.is_due(elapsed));
  return elapsed - begin;
}

}  // namespace

TEST_CASE("the rest of a training is its steps, validations and saves") {
  TimeCosts costs;
  costs.step_seconds = 2;
  costs.validation_seconds = 7;
  costs.save_seconds = 3;
  REQUIRE(seconds_until(110, 100, costs) == 20 + 7 + 3);  // one validation, at the end
  costs.validate_every = 50;
  REQUIRE(seconds_until(110, 100, costs) == 20 + 10);  // the one of step 100 is over
  REQUIRE(seconds_until(150, 100, costs) == 100 + 10);
  REQUIRE(seconds_until(151, 100, costs) == 102 + 20);
  REQUIRE(seconds_until(250, 99, costs) == 302 + 40);
  costs.save_every.steps = 10;
  REQUIRE(seconds_until(150, 100, costs) == 100 + 10 + 5 * 3);
  costs.save_every = {0, 25, false};
  REQUIRE(seconds_until(150, 100, costs) == 100 + 10 + 4 * 3);
}

TEST_CASE("the reachable step is the last whose rest fits") {
  TimeCosts costs;
  costs.step_seconds = 0.3;
  costs.validation_seconds = 5;
  costs.save_seconds = 1;
  for (const Index every : {0, 1, 7, 100})
    for (const double seconds : {0.0, 5.0, 6.4, 60.0, 250.0}) {
      CAPTURE(every, seconds);
      costs.validate_every = every;
      Index expected = 21;
      while (expected < 500 && seconds_until(expected + 1, 20, costs) <= seconds) ++expected;
      REQUIRE(reachable_step(20, 500, seconds, costs) == expected);
    }
  REQUIRE(reachable_step(20, 21, 1e9, costs) == 21);
}

TEST_CASE("the first look comes after 20 timed steps and 3 % of the time, and soon if steps are slow") {
  TimePlan fast(1000);
  REQUIRE(until_due(fast, 0, 0.125) == Approx(30));
  TimePlan many(100);
  REQUIRE(until_due(many, 0, 0.25) == Approx(25 * 0.25));  // five are not timed
  TimePlan slow(100);
  REQUIRE(until_due(slow, 0, 4) == Approx(12));  // the first step beyond a tenth of the time
  TimePlan hours(36000);
  REQUIRE(until_due(hours, 0, 25) == Approx(75));  // the first beyond a minute
  TimePlan none;
  none.add_step(1e9);
  REQUIRE_FALSE(none.is_due(1e9));
}

TEST_CASE("later looks come after 5 % of the time and ten steps, and after 15 % if steps are slow") {
  const auto second = [](double step_seconds) {
    TimePlan plan(1000);
    until_due(plan, 0, 1);
    TimeCosts costs;
    costs.step_seconds = 1;
    plan.look(30, 30, 500, 500, costs);
    return until_due(plan, 30, step_seconds);
  };
  REQUIRE(second(1) == 50);
  REQUIRE(second(8) == 80);
  REQUIRE(second(64) == 192);
}

TEST_CASE("cold steps are not timed if there are others") {
  TimePlan plan(100);
  for (int i = 0; i < 3; ++i) plan.add_step(9);
  REQUIRE(plan.step_seconds() == 9);
  for (int i = 0; i < 2; ++i) plan.add_step(9);
  for (int i = 0; i < 4; ++i) plan.add_step(0.5);
  REQUIRE(plan.step_seconds() == 0.5);
}

TEST_CASE("the first look plans what fits; a later one only if the rest changes by more than a tenth") {
  TimePlan plan(1000);
  TimeCosts costs;
  double elapsed = until_due(plan, 0, 1);
  Index step = 30;
  costs.step_seconds = plan.step_seconds();
  std::optional<Index> end = plan.look(elapsed, step, 1000, 5000, costs);  // a thousand steps miss by ten
  REQUIRE(end == 990);

  elapsed += until_due(plan, elapsed, 1.05);
  REQUIRE(elapsed == Approx(30 + 48 * 1.05));  // 5 % of the time
  step += 48;
  costs.step_seconds = plan.step_seconds();
  REQUIRE_FALSE(plan.look(elapsed, step, *end, 5000, costs));

  elapsed += until_due(plan, elapsed, 3);
  step += 17;
  costs.step_seconds = plan.step_seconds();
  REQUIRE(costs.step_seconds == 3);
  end = plan.look(elapsed, step, *end, 5000, costs);
  REQUIRE(end == step + static_cast<Index>((990 - elapsed) / 3));

  elapsed += until_due(plan, elapsed, 0.75);
  step += 67;
  costs.step_seconds = plan.step_seconds();
  REQUIRE(plan.look(elapsed, step, *end, 1200, costs) == 1200);  // the bound
}

TEST_CASE("a change of more than a tenth is planned if two looks in a row find it") {
  TimePlan plan(1000);
  TimeCosts costs;
  costs.step_seconds = 1;
  until_due(plan, 0, 1);
  REQUIRE(plan.look(30, 30, 1000, 5000, costs) == 990);
  costs.step_seconds = 1.25;
  until_due(plan, 30, 1);
  REQUIRE_FALSE(plan.look(80, 80, 990, 5000, costs));
  costs.step_seconds = 1;
  until_due(plan, 80, 1);
  REQUIRE_FALSE(plan.look(130, 130, 990, 5000, costs));
  costs.step_seconds = 1.25;
  until_due(plan, 130, 1.25);
  REQUIRE_FALSE(plan.look(180, 170, 990, 5000, costs));
  until_due(plan, 180, 1.25);
  REQUIRE(plan.look(230, 210, 990, 5000, costs) == 210 + 608);
}

TEST_CASE("a training that fits is not planned, and one whose time is over gets one step more") {
  TimeCosts costs;
  costs.step_seconds = 1;
  TimePlan fits(1000);
  until_due(fits, 0, 1);
  REQUIRE_FALSE(fits.look(30, 30, 500, 500, costs));
  TimePlan over(1000);
  until_due(over, 0, 1);
  REQUIRE(over.look(999, 30, 500, 500, costs) == 31);
}
