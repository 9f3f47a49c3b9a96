#include "base/check.hpp"
#include "ops/bf16.hpp"
#include "ops/gemm.hpp"

namespace moelm {

void multiply_plain(Transpose transpose_a, ConstMatrixView a, Transpose transpose_b, ConstMatrixView b, float beta,
                    MatrixView c, DataType type) {
  const bool ta = transpose_a == Transpose::yes, tb = transpose_b == Transpose::yes;
  const Index inner = ta ? a.rows : a.cols;
  const auto read = [type](float x) { return static_cast<double>(type == DataType::bf16 ? round_to_bf16(x) : x); };
  ensure((ta ? a.cols : a.rows) == c.rows && (tb ? b.rows : b.cols) == c.cols && (tb ? b.cols : b.rows) == inner,
         "shapes of a product agree");
  for (Index i = 0; i < c.rows; ++i) {
    for (Index j = 0; j < c.cols; ++j) {
      double sum = 0;
      for (Index p = 0; p < inner; ++p) sum += read(ta ? a(p, i) : a(i, p)) * read(tb ? b(j, p) : b(p, j));
      c(i, j) = static_cast<float>(sum + (beta == 0 ? 0.0 : static_cast<double>(beta) * static_cast<double>(c(i, j))));
    }
  }
}

}  // namespace moelm
