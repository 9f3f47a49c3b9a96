// What measured results are compared with: plain loops in double precision over the same numbers, and the comparison
// that refuses a wrong one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/measure.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

using Doubles = std::vector<double>;

/// How far a layer may be from its double-precision reference, relative to the greatest number: products of f32 differ
/// by their rounding only, those of bf16 by that of what they read.
double layer_tolerance(const Context& context);

/// Throws std::logic_error unless max |actual - expected| <= tolerance * max |expected|, all of them finite and as
/// many.
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

/// Standard normal numbers times `scale`, a function of seed and shape; the rows repeat after 251 of them.
Matrix random_numbers(Context& context, Index rows, Index cols, std::uint64_t seed, float scale = 1.0f);

}  // namespace moelm
