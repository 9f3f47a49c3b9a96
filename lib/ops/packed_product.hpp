// What gemm.cpp asks of the matrix library: in which order it reads weights, and one product on one thread.
#pragma once

#include "base/context.hpp"
#include "base/data_type.hpp"
#include "ops/gemm.hpp"

namespace moelm {

/// The memory layout of a matrix B [inner, cols] for products that read `type`. Each layout exists once and lives as
/// long as the process.
struct PackedLayout {
  DataType type;
  Index inner, cols;
  Index bytes;         ///< of the whole image
  bool blocks_of_64;   ///< the blocks of pack_kernels.hpp, otherwise an order that only reorder_weights knows
  bool emulated;       ///< bfloat16 numbers kept in single precision, because this processor does not multiply them
  bool any_rows;       ///< a row's bits are the same whatever the number of rows
  const void* native;  ///< the library's own description

  /// Whether A and B are stored as single-precision numbers.
  bool wide() const { return type == DataType::f32 || emulated; }
};

const PackedLayout& packed_layout(DataType type, Index inner, Index cols);

/// Brings weights, or their transpose, into the layout by the library's own means; rounds nothing: the layout is wide.
void reorder_weights(const PackedLayout& layout, ConstMatrixView weights, Transpose transpose, void* image);

/// C = A B, or C += A B; A [rows, inner] and C [rows, cols] dense, A stored as the layout says. On the calling thread.
void run_product(Context& context, const PackedLayout& layout, const void* image, const void* a, Index rows,
                 bool accumulate, float* c);

/// C = A^T B + beta C of single-precision numbers by a routine that does not pack; on the calling thread.
void run_transposed_product(ConstMatrixView a, ConstMatrixView b, float beta, MatrixView c);

}  // namespace moelm
