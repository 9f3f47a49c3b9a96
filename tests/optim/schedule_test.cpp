// Learning rates at listed steps.
#include "optim/schedule.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("the paper's schedule: linear to step 1,000, then the inverse square root") {
  const Schedule s{ScheduleKind::inverse_sqrt, 2.0, 1000, 27000};
  const std::pair<Index, double> points[] = {{1, 0.001}, {500, 0.5}, {1000, 1.0}, {4000, 0.5}, {27000, 0.19245}};
  for (const auto& [step, multiplier] : points) REQUIRE(s.at(step) == Approx(2.0 * multiplier).epsilon(1e-5));
  REQUIRE(s.at(40000) == s.at(27000));
}

TEST_CASE("cosine falls to two per cent at the planned end and stays there") {
  const Schedule s{ScheduleKind::cosine, 4e-3, 100, 1100};
  REQUIRE(s.at(1) == Approx(4e-5));
  REQUIRE(s.at(50) == Approx(2e-3));
  REQUIRE(s.at(100) == Approx(4e-3));
  REQUIRE(s.at(600) == Approx(4e-3 * 0.51));
  REQUIRE(s.at(350) == Approx(4e-3 * (0.02 + 0.98 * 0.5 * (1 + std::sqrt(0.5)))));
  REQUIRE(s.at(1100) == Approx(4e-3 * 0.02));
  REQUIRE(s.at(5000) == s.at(1100));
}

TEST_CASE("linear falls to two per cent at the planned end and stays there") {
  const Schedule s{ScheduleKind::linear, 1.0, 10, 110};
  REQUIRE(s.at(5) == Approx(0.5));
  REQUIRE(s.at(10) == Approx(1.0));
  REQUIRE(s.at(60) == Approx(0.51));
  REQUIRE(s.at(110) == Approx(0.02));
  REQUIRE(s.at(111) == s.at(110));
}

TEST_CASE("constant and plateau warm up, and a plateau is halved") {
  Schedule s{ScheduleKind::constant, 3.0, 30, 100};
  REQUIRE(s.at(10) == Approx(1.0));
  REQUIRE(s.at(30) == 3.0);
  REQUIRE(s.at(1000) == 3.0);
  s.kind = ScheduleKind::plateau;
  REQUIRE(s.at(99) == 3.0);
  s.plateau_factor = 0.25;
  REQUIRE(s.at(99) == 0.75);
}

TEST_CASE(
    "every schedule is positive from the first step, at most its peak, and continuous at the end of the warm-up") {
  for (const ScheduleKind kind : {ScheduleKind::inverse_sqrt, ScheduleKind::cosine, ScheduleKind::linear,
                                  ScheduleKind::plateau, ScheduleKind::constant})
    for (const Index warmup : {0, 1, 50})
      for (const Index planned : {1, 30, 400}) {
        const Schedule s{kind, 1.0, warmup, planned};
        for (Index step = 1; step <= 500; ++step) {
          CAPTURE(static_cast<int>(kind), warmup, planned, step);
          REQUIRE(s.at(step) > 0);
          REQUIRE(s.at(step) <= 1.0);
        }
        if (warmup == 50 && planned == 400) REQUIRE(std::abs(s.at(51) - s.at(50)) < 0.02);
      }
}
