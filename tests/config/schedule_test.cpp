// Learning rates at listed steps.
#include "config/schedule.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("the paper's schedule: linear to step 1,000, then the inverse square root, whatever was planned") {
  const ScheduleSegment s{1, 27000, 1000, ScheduleKind::inverse_sqrt, 2.0};
  const std::pair<Index, double> points[] = {{1, 0.001}, {500, 0.5}, {1000, 1.0}, {4000, 0.5}, {27000, 0.19245}};
  for (const auto& [step, multiplier] : points) REQUIRE(s.at(step) == Approx(2.0 * multiplier).epsilon(1e-5));
  REQUIRE(s.at(64000) == Approx(2.0 * 0.125));
}

TEST_CASE("cosine falls to two per cent at the planned end and stays there") {
  const ScheduleSegment s{1, 1100, 100, ScheduleKind::cosine, 4e-3};
  REQUIRE(s.at(1) == Approx(4e-5));
  REQUIRE(s.at(50) == Approx(2e-3));
  REQUIRE(s.at(100) == Approx(4e-3));
  REQUIRE(s.at(600) == Approx(4e-3 * 0.51));
  REQUIRE(s.at(350) == Approx(4e-3 * (0.02 + 0.98 * 0.5 * (1 + std::sqrt(0.5)))));
  REQUIRE(s.at(1100) == Approx(4e-3 * 0.02));
  REQUIRE(s.at(5000) == s.at(1100));
}

TEST_CASE("linear falls to two per cent at the planned end and stays there") {
  const ScheduleSegment s{1, 110, 10, ScheduleKind::linear, 1.0};
  REQUIRE(s.at(5) == Approx(0.5));
  REQUIRE(s.at(10) == Approx(1.0));
  REQUIRE(s.at(60) == Approx(0.51));
  REQUIRE(s.at(110) == Approx(0.02));
  REQUIRE(s.at(111) == s.at(110));
}

TEST_CASE("constant and plateau warm up, and a plateau is halved after it") {
  Schedule s{{{1, 100, 30, ScheduleKind::constant, 3.0}}};
  REQUIRE(s.at(10) == Approx(1.0));
  REQUIRE(s.at(30) == 3.0);
  REQUIRE(s.at(1000) == 3.0);
  REQUIRE(s.at(99, 0.25) == 3.0);
  s.segments[0].kind = ScheduleKind::plateau;
  REQUIRE(s.at(99) == 3.0);
  REQUIRE(s.at(99, 0.25) == 0.75);
  REQUIRE(s.at(30, 0.25) == 0.75);
  REQUIRE(s.at(10, 0.25) == Approx(1.0));
}

TEST_CASE("every course has its own steps, counted from its first") {
  const Schedule s{{{1, 600, 50, ScheduleKind::cosine, 4e-3}, {601, 600, 30, ScheduleKind::linear, 2e-3}}};
  REQUIRE(s.last_step() == 1200);
  for (const Index step : {1, 50, 300, 600}) REQUIRE(s.at(step) == s.segments[0].at(step));
  REQUIRE(s.at(600) == Approx(8e-5));
  REQUIRE(s.at(601) == Approx(2e-3 / 30));
  REQUIRE(s.at(630) == Approx(2e-3));
  REQUIRE(s.at(915) == Approx(2e-3 * 0.51));
  REQUIRE(s.at(1200) == Approx(4e-5));
  REQUIRE(s.at(1300) == s.at(1200));
}

TEST_CASE("a course that goes on within a warm-up or a decay begins there") {
  const ScheduleSegment warming{31, 100, 44, ScheduleKind::cosine, 1.0, 0.12};
  REQUIRE(warming.at(31) == Approx(0.12 + 0.88 / 44));
  REQUIRE(warming.at(52) == Approx(0.56));
  REQUIRE(warming.at(74) == Approx(1.0));
  REQUIRE(warming.decay(74) == 0);
  REQUIRE(warming.at(102) == Approx(0.51));
  REQUIRE(warming.at(130) == Approx(0.02));

  const ScheduleSegment falling{501, 250, 0, ScheduleKind::linear, 1.0, 0, 0.5};
  REQUIRE(falling.decay(501) == Approx(0.502));
  REQUIRE(falling.decay(750) == 1);
  REQUIRE(falling.at(625) == Approx(1 - 0.98 * 0.75));
  REQUIRE(falling.at(750) == Approx(0.02));
  REQUIRE(falling.at(900) == Approx(0.02));
  const ScheduleSegment last{501, 1, 0, ScheduleKind::cosine, 1.0, 0, 0.99};
  REQUIRE(last.at(501) == Approx(0.02));
}

TEST_CASE("a course ends where the next one begins, though it was planned for more") {
  const Schedule s{{{1, 600, 50, ScheduleKind::cosine, 4e-3}, {301, 100, 0, ScheduleKind::cosine, 4e-3, 0, 0.45}}};
  REQUIRE(s.last_step() == 400);
  REQUIRE(s.at(300) == s.segments[0].at(300));
  REQUIRE(s.at(301) == s.segments[1].at(301));
  REQUIRE(&s.segment_of(1000) == &s.segments[1]);
}

TEST_CASE(
    "every schedule is positive from the first step, at most its peak, and continuous at the end of the warm-up") {
  for (const ScheduleKind kind : {ScheduleKind::inverse_sqrt, ScheduleKind::cosine, ScheduleKind::linear,
                                  ScheduleKind::plateau, ScheduleKind::constant})
    for (const Index warmup : {0, 1, 50})
      for (const Index planned : {1, 30, 400}) {
        const ScheduleSegment s{1, planned, warmup, kind, 1.0};
        for (Index step = 1; step <= 500; ++step) {
          CAPTURE(static_cast<int>(kind), warmup, planned, step);
          REQUIRE(s.at(step) > 0);
          REQUIRE(s.at(step) <= 1.0);
        }
        if (warmup == 50 && planned == 400) REQUIRE(std::abs(s.at(51) - s.at(50)) < 0.02);
      }
}
