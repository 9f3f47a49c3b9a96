// The mask drops at its rate, keeps the mean, and is a function of the position alone.
#include "ops/dropout.hpp"

#include <cmath>
#include <vector>

#include "support/catch.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

TEST_CASE("dropout keeps the mean and drops at its rate") {
  Context context(2);
  std::vector<Index> rows(500);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<Index>(i);
  Matrix x(500, 203);
  for (float& v : x.values()) v = 1;
  apply_dropout(context, {RandomStream(3, "dropout", 1), 5, 0.3, rows}, x);
  double zeros = 0, sum = 0;
  for (const float v : x.values()) {
    zeros += v == 0;
    sum += v;
  }
  const double n = static_cast<double>(x.size());
  REQUIRE(std::abs(zeros / n - 0.3) < 4 * std::sqrt(0.3 * 0.7 / n));
  REQUIRE(std::abs(sum / n - 1) < 4 * std::sqrt(0.3 / 0.7 / n));
}

TEST_CASE("a row's mask depends on its position, not on its place in the matrix") {
  Context context(1);
  Matrix whole = random_matrix(10, 33, 1), part = whole.clone();
  std::vector<Index> rows = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const RandomStream stream(3, "dropout", 1);
  apply_dropout(context, {stream, 5, 0.5, rows}, whole);
  apply_dropout(context, {stream, 5, 0.5, std::span(rows).subspan(4)}, part.view().row_range(4, 10));
  for (Index i = 4; i < 10; ++i)
    for (Index j = 0; j < 33; ++j) REQUIRE(whole(i, j) == part(i, j));
}
