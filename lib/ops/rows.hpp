// Copies, sums and gathering of rows.
#pragma once

#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "tensor/matrix.hpp"
#include "tensor/view.hpp"

namespace moelm {

/// Rows that one task of parallel_ranges handles where a row costs little, and where it is read or written several
/// times.
inline constexpr Index kRowsPerTask = 64, kCostlyRowsPerTask = 32;

/// `to` becomes a copy of `from`, in its shape.
void copy_rows(Context& context, ConstMatrixView from, Matrix& to);

/// Copies `count` rows from `first` on to those from `to_first` on, of matrices of one width.
void copy_rows(Context& context, ConstMatrixView from, Index first, MatrixView to, Index to_first, Index count);

/// out[i] = table[index[i]]: table [R, D], out [index.size(), D].
void gather_rows(Context& context, ConstMatrixView table, std::span<const std::int32_t> index, MatrixView out);

/// out[index[i]] = rows[i]: rows [index.size(), D], out [R, D]; no index twice.
void scatter_rows(Context& context, ConstMatrixView rows, std::span<const std::int32_t> index, MatrixView out);

/// y += x, both dense and of one shape.
void add(Context& context, ConstMatrixView x, MatrixView y);

}  // namespace moelm
