// What gemm.cpp asks for: in which order a product reads weights, and one product on one thread. Here it is decided
// which products are the library's and which our own.
#pragma once

#include "base/context.hpp"
#include "base/data_type.hpp"
#include "ops/gemm.hpp"

namespace moelm {

/// The order of the numbers of B.
enum class PackedOrder {
  blocks_of_64,  ///< the library's order that pack_kernels.hpp can write
  panels_of_16,  ///< our own: panel_kernels.hpp
  library,       ///< an order that only reorder_weights can write
};

/// The memory layout of a matrix B [inner, cols] for products that read `type`. Each layout exists once and lives as
/// long as the process.
struct PackedLayout {
  DataType type;
  Index inner, cols;
  Index bytes;  ///< of the whole image
  PackedOrder order;
  bool emulated;       ///< bfloat16 numbers kept in single precision, because this processor does not multiply them
  bool any_rows;       ///< a row's bits are the same whatever the number of rows
  const void* native;  ///< the library's own description, null for panels

  /// Whether A and B are stored as single-precision numbers.
  bool wide() const { return type == DataType::f32 || emulated; }
};

/// Panels where the library's rows are not independent and we have kernels for them, else the library's order.
const PackedLayout& packed_layout(DataType type, Index inner, Index cols);

/// The library's layout; its memory lasts as long as the process.
const PackedLayout& library_layout(DataType type, Index inner, Index cols);

/// Packs b, with zeros below it as far as the layout goes. The order is not the library's.
void pack_all_rows(Context& context, const PackedLayout& layout, ConstMatrixView b, std::byte* image);

/// Brings weights, or their transpose, into the layout by the library's own means; rounds nothing: the layout is wide.
void reorder_weights(const PackedLayout& layout, ConstMatrixView weights, Transpose transpose, void* image);

/// C = A B, or C += A B; A [rows, inner] and C [rows, cols] dense, A stored as the layout says. On the calling thread.
void run_product(Context& context, const PackedLayout& layout, const void* image, const void* a, Index rows,
                 bool accumulate, float* c);

/// The same by the library, whose layout it is.
void run_library_product(Context& context, const PackedLayout& layout, const void* image, const void* a, Index rows,
                         bool accumulate, float* c);

/// C = A^T B + beta C of single-precision numbers by a routine that does not pack; on the calling thread.
void run_transposed_product(ConstMatrixView a, ConstMatrixView b, float beta, MatrixView c);

}  // namespace moelm
