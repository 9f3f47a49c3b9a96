// The mask drops at its rate, keeps the mean, and is a function of the position alone.
#include "ops/dropout.hpp"

#include <cmath>
#include <vector>

#include "ops/kernels.hpp"
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

TEST_CASE("every instruction set draws the numbers of the stream") {
  const RandomStream stream(7, "dropout", 2);
  const Index step = 3, position = (Index{5} << 33) + 11;
  int count = 0;
  const Kernels* const* all = all_kernels(count);
  for (int k = 0; k < count; ++k)
    for (const Index n : {1, 3, 64, 65, 203}) {
      CAPTURE(all[k]->name, n);
      Matrix x = random_matrix(1, n, 2);
      const Matrix before = x.clone();
      const std::uint32_t threshold = 1u << 30;
      all[k]->dropout(n, stream.row(step, position), threshold, 2.0f, x.data());
      for (Index j = 0; j < n; ++j) {
        const std::uint32_t bits = stream.bits(step, position, j / 4)[static_cast<std::size_t>(j % 4)];
        REQUIRE(x(0, j) == (bits < threshold ? 0.0f : 2.0f * before(0, j)));
      }
    }
}
