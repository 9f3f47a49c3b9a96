// Matrix products, the only place where the project multiplies matrices. Every product is cut into tasks by its shape
// alone, so its bits do not depend on the number of threads; and a row of C does not depend on the rows beside it.
#pragma once

#include <memory>

#include "base/context.hpp"
#include "tensor/view.hpp"

namespace moelm {

enum class Transpose : bool { no = false, yes = true };

/// Right-hand side B [inner, cols] of a product, in the order the hardware reads fastest. Packing costs one pass over
/// the weights and pays from a few rows on. Not thread-safe while packing, const afterwards.
class PackedMatrix {
 public:
  PackedMatrix();
  ~PackedMatrix();
  PackedMatrix(PackedMatrix&&) noexcept;
  PackedMatrix& operator=(PackedMatrix&&) noexcept;

  /// B = weights, or weights^T with Transpose::yes. Memory is kept for the next packing.
  void pack(ConstMatrixView weights, Transpose transpose);

  Index inner() const;
  Index cols() const;

  struct Image;
  const Image& image() const { return *image_; }

 private:
  std::unique_ptr<Image> image_;
};

/// C = A B + beta C with beta 0 or 1; A [M, inner] and C [M, cols] dense.
void multiply(Context& context, ConstMatrixView a, const PackedMatrix& b, float beta, MatrixView c);

/// C = A^T B + beta C with beta 0 or 1: A [M, R], B [M, S], C [R, S], any strides. The product of weight gradients.
void multiply_transposed(Context& context, ConstMatrixView a, ConstMatrixView b, float beta, MatrixView c);

/// The oracle of both, in plain loops with double sums: C = op(A) op(B) + beta C.
void multiply_plain(Transpose transpose_a, ConstMatrixView a, Transpose transpose_b, ConstMatrixView b, float beta,
                    MatrixView c);

/// Version of the matrix library in use, as "oneDNN 2.6.3".
const char* gemm_backend();

}  // namespace moelm
