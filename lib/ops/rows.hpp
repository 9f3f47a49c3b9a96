// Gathering and scattering of rows, each the adjoint of the other.
#pragma once

#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "tensor/view.hpp"

namespace moelm {

/// out[i] = table[index[i]]: table [R, D], out [index.size(), D].
void gather_rows(Context& context, ConstMatrixView table, std::span<const std::int32_t> index, MatrixView out);

/// sums[j] = sum over rows i of x [N, D]; sums has D elements and is added to. Order of summation is fixed.
void add_column_sums(Context& context, ConstMatrixView x, std::span<float> sums);

/// y += x, both dense and of one shape.
void add(Context& context, ConstMatrixView x, MatrixView y);

}  // namespace moelm
