#include "bench/plain.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/random.hpp"

namespace moelm {

namespace {

constexpr Index kDrawnRows = 251;  // a prime, so that blocks of rows never look like other blocks

}  // namespace

double layer_tolerance(const Context& context) { return context.products() == DataType::bf16 ? 3e-2 : 2e-4; }

void expect_close(const BenchSetting& setting, const std::string& what, Doubles actual, const Doubles& expected,
                  double tolerance) {
  if (actual.size() != expected.size()) throw std::logic_error(what + ": not as many numbers as expected");
  double largest = 0;
  for (const double x : expected) largest = std::max(largest, std::abs(x));
  if (setting.spoil && !actual.empty()) actual.back() += 1 + 10 * largest;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::abs(actual[i] - expected[i]) <= tolerance * largest) continue;  // never so for a NaN
    throw std::logic_error(what + ": number " + std::to_string(i) + " is wrong: expected " +
                           std::to_string(expected[i]) + ", found " + std::to_string(actual[i]) + " (the largest is " +
                           std::to_string(largest) + ")");
  }
}

Doubles row_of(ConstMatrixView m, Index row) { return Doubles(m.row(row), m.row(row) + m.cols); }

Doubles numbers_of(ConstMatrixView m) {
  Doubles all;
  for (Index i = 0; i < m.rows; ++i) all.insert(all.end(), m.row(i), m.row(i) + m.cols);
  return all;
}

Doubles times(ConstMatrixView weight, const Doubles& x) {
  Doubles y(weight.rows);
  for (Index i = 0; i < weight.rows; ++i)
    for (Index j = 0; j < weight.cols; ++j) y[i] += static_cast<double>(weight(i, j)) * x[j];
  return y;
}

Doubles transposed_times(ConstMatrixView weight, const Doubles& y) {
  Doubles x(weight.cols);
  for (Index i = 0; i < weight.rows; ++i)
    for (Index j = 0; j < weight.cols; ++j) x[j] += static_cast<double>(weight(i, j)) * y[i];
  return x;
}

double inner_product(const float* a, const float* b, Index n) {
  double sum = 0;
  for (Index i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

Doubles gradient_row(ConstMatrixView a, ConstMatrixView b, Index r) {
  Doubles sum(b.cols);
  for (Index n = 0; n < a.rows; ++n)
    for (Index j = 0; j < b.cols; ++j) sum[j] += static_cast<double>(a(n, r)) * static_cast<double>(b(n, j));
  return sum;
}

Matrix random_numbers(Context& context, Index rows, Index cols, std::uint64_t seed, float scale) {
  Matrix m(rows, cols);
  const RandomStream stream(seed, "bench", 0);
  const Index drawn = std::min(rows, kDrawnRows);
  context.parallel_for(drawn, [&](Index i) {
    stream.normals(0, i, 0, cols, m.row(i));
    for (Index j = 0; j < cols; ++j) m(i, j) *= scale;
  });
  context.parallel_ranges(rows - drawn, 256, [&](Index begin, Index end) {
    for (Index i = drawn + begin; i < drawn + end; ++i) std::copy_n(m.row(i % drawn), cols, m.row(i));
  });
  return m;
}

}  // namespace moelm
