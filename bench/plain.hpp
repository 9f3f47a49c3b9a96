// References for measured results: plain loops in double precision over the same numbers, and their comparison.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/measure.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

using Doubles = std::vector<double>;

/// Tolerance of a layer relative to the largest number: f32 products differ by rounding only, bf16 products by the
/// rounding of their inputs.
double layer_tolerance(const Context& context);

/// Throws std::logic_error unless max |actual - expected| <= tolerance * max |expected|, with equal sizes and finite
/// numbers.
void expect_close(const BenchSetting& setting, const std::string& what, Doubles actual, const Doubles& expected,
                  double tolerance);

/// Numbers of a row, and all numbers of a view.
Doubles row_of(ConstMatrixView m, Index row);
Doubles numbers_of(ConstMatrixView m);

/// weight x, of weight [rows, cols].
Doubles times(ConstMatrixView weight, const Doubles& x);
/// weight^T y.
Doubles transposed_times(ConstMatrixView weight, const Doubles& y);
double inner_product(const float* a, const float* b, Index n);
/// Row r of a^T b: sum over the rows n of a[n, r] b[n].
Doubles gradient_row(ConstMatrixView a, ConstMatrixView b, Index r);

/// Standard normal numbers times `scale`, a function of seed and shape. Rows repeat after 251.
Matrix random_numbers(Context& context, Index rows, Index cols, std::uint64_t seed, float scale = 1.0f);

}  // namespace moelm
