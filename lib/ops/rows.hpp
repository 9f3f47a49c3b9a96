// Gathering and scattering of rows, each the adjoint of the other.
#pragma once

#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "tensor/view.hpp"

namespace moelm {

/// Rows that one task of parallel_ranges handles where a row costs little.
inline constexpr Index kRowsPerTask = 64;

/// out[i] = table[index[i]]: table [R, D], out [index.size(), D].
void gather_rows(Context& context, ConstMatrixView table, std::span<const std::int32_t> index, MatrixView out);

/// y += x, both dense and of one shape.
void add(Context& context, ConstMatrixView x, MatrixView y);

}  // namespace moelm
