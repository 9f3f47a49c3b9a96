// Elapsed time never runs backwards, whatever the clock does.
#include "base/stopwatch.hpp"

#include "support/catch.hpp"

using namespace moelm;

namespace {

using std::chrono::seconds;

}  // namespace

TEST_CASE("elapsed time is what the clock says while it goes forward") {
  const Stopwatch::Clock::time_point begin{};
  Stopwatch watch(begin);
  REQUIRE(watch.advance(begin) == 0);
  REQUIRE(watch.advance(begin + seconds(2)) == 2);
  REQUIRE(watch.advance(begin + seconds(5)) == 5);
}

TEST_CASE("a clock that goes back takes nothing away, and time goes on from there") {
  const Stopwatch::Clock::time_point begin{};
  Stopwatch watch(begin);
  REQUIRE(watch.advance(begin - seconds(100)) == 0);
  REQUIRE(watch.advance(begin - seconds(97)) == 3);
  REQUIRE(watch.advance(begin - seconds(1000)) == 3);
  REQUIRE(watch.advance(begin - seconds(1001)) == 3);
  REQUIRE(watch.advance(begin - seconds(1000)) == 4);
}

TEST_CASE("the real clock gives numbers that are not negative") {
  Stopwatch watch;
  const double first = watch.seconds();
  REQUIRE(first >= 0);
  REQUIRE(watch.seconds() >= first);
}
