// Matrix products, the only place where the project multiplies matrices. Every product is cut into tasks by its shape
// alone, so its bits do not depend on the number of threads; and a row of C does not depend on the rows beside it.
#pragma once

#include <span>

#include "base/context.hpp"
#include "base/data_type.hpp"
#include "base/memory.hpp"
#include "ops/rounded_matrix.hpp"
#include "tensor/bf16_matrix.hpp"
#include "tensor/view.hpp"

namespace moelm {

enum class Transpose : bool { no = false, yes = true };

struct PackedLayout;

/// Right-hand side B [inner, cols] of a product, rounded to the type that the product reads and in the order the
/// hardware reads fastest. Packing costs one pass over the weights. Not thread-safe while packing, const afterwards.
class PackedMatrix {
 public:
  /// B = weights, or weights^T with Transpose::yes. Memory is kept for the next packing.
  void pack(Context& context, ConstMatrixView weights, Transpose transpose, DataType type);

  /// The same from weights that are kept in bfloat16.
  void pack(Context& context, const Bf16Matrix& weights, Transpose transpose, DataType type);

  bool empty() const { return layout_ == nullptr; }
  Index inner() const;
  Index cols() const;
  Index bytes() const { return capacity_; }
  const PackedLayout& layout() const { return *layout_; }
  const void* image() const { return data_.get(); }

 private:
  void prepare(Index inner, Index cols, DataType type);

  const PackedLayout* layout_ = nullptr;
  Block data_;
  Index capacity_ = 0;
};

/// When weights are packed: in every pass, because an optimizer changes them in between, or once.
enum class WeightPacking { every_pass, once };

/// The maximum number of weights in a layer for which a packed copy is kept.
inline constexpr Index kMaxCachedElements = Index{1} << 28;

/// C = A B + beta C with beta 0 or 1; A [M, inner] and C [M, cols] dense. A is rounded to the type of B.
void multiply(Context& context, ConstMatrixView a, const PackedMatrix& b, float beta, MatrixView c);

/// The same for rows that are rounded already, to the type of B.
void multiply(Context& context, const RoundedView& a, const PackedMatrix& b, float beta, MatrixView c);

/// C = A^T B + beta C with beta 0 or 1: A [M, R], B [M, S], any strides, both rounded to `type`; C [R, S]. Computes the
/// gradient of a weight matrix. For the gradient of a bias, the sum of the rounded rows of A is added to column_sums
/// [R], unless that is empty.
void multiply_transposed(Context& context, ConstMatrixView a, ConstMatrixView b, float beta, MatrixView c,
                         DataType type, std::span<float> column_sums = {});

/// The same for an A that is rounded already, and is dense.
void multiply_transposed(Context& context, const RoundedView& a, ConstMatrixView b, float beta, MatrixView c,
                         std::span<float> column_sums = {});

/// The oracle of both, in plain loops with double sums over numbers rounded to `type`: C = op(A) op(B) + beta C.
void multiply_plain(Transpose transpose_a, ConstMatrixView a, Transpose transpose_b, ConstMatrixView b, float beta,
                    MatrixView c, DataType type = DataType::f32);

/// The matrix library in use and the instructions that it chose, on which the bits of a product depend, as
/// "oneDNN 2.6.3, avx2".
const char* gemm_backend();

/// Whether this processor multiplies bfloat16 numbers; elsewhere their products are the same, at the speed of f32.
bool native_bf16();

}  // namespace moelm
