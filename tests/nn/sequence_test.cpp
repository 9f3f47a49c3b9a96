// Rows of packed sequences: offsets, positions, refusal of streams out of order.
#include "nn/sequence.hpp"

#include <stdexcept>

#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("rows follow each other time step after time step, and ended streams leave no gap") {
  const Sequence s({3, 3, 1});
  REQUIRE(s.streams() == 3);
  REQUIRE(s.steps() == 3);
  REQUIRE(s.rows() == 7);
  REQUIRE(s.offset(2) == 6);
  REQUIRE(s.positions(5) == std::vector<Index>{0, 1, 2, 5, 6, 7, 10});
  REQUIRE(s.stream_numbers(4) == std::vector<Index>{4, 5, 6, 4, 5, 6, 4});
  REQUIRE(Sequence(2, 3).rows() == 6);
  REQUIRE(Sequence(2, 3).active(2) == 2);
}

TEST_CASE("streams that are not sorted by length are a bug") {
  REQUIRE_THROWS_AS(Sequence(std::vector<Index>{2, 3}), std::logic_error);
  REQUIRE_THROWS_AS(Sequence(std::vector<Index>{2, 0}), std::logic_error);
  REQUIRE_THROWS_AS(Sequence(std::vector<Index>{}), std::logic_error);
}
