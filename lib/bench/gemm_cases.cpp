#include <cmath>
#include <stdexcept>

#include "base/random.hpp"
#include "bench/measure.hpp"
#include "ops/gemm.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

namespace {

Matrix random(Index rows, Index cols, std::uint64_t seed) {
  Matrix m(rows, cols);
  const RandomStream stream(seed, "bench", 0);
  for (Index i = 0; i < rows; ++i) stream.normals(0, i, 0, cols, m.row(i));
  return m;
}

/// Compares a few rows with the plain loops.
void check(const std::string& name, ConstMatrixView fast, ConstMatrixView plain) {
  double greatest = 0, difference = 0;
  for (Index i = 0; i < plain.rows; ++i)
    for (Index j = 0; j < plain.cols; ++j) {
      greatest = std::max(greatest, std::abs(static_cast<double>(plain(i, j))));
      difference = std::max(difference, std::abs(static_cast<double>(fast(i, j)) - static_cast<double>(plain(i, j))));
    }
  if (!(difference <= 1e-5 * greatest)) throw std::logic_error(name + ": the product is wrong");
}

/// C [rows, cols] = A W^T with packed weights, as in every forward pass.
BenchCase forward_case(Index rows, Index inner, Index cols) {
  const std::string name = "gemm-" + std::to_string(rows) + "x" + std::to_string(inner) + "x" + std::to_string(cols);
  return {name, [=](Context& context) {
            const Matrix a = random(rows, inner, 1), w = random(cols, inner, 2);
            Matrix c(rows, cols);
            PackedMatrix packed;
            packed.pack(context, w, Transpose::yes, context.products());
            BenchResult result{name, data_type_name(context.products())};
            result.seconds = median_seconds([&] { multiply(context, a, packed, 0.0f, c); });
            result.flops = 2.0 * static_cast<double>(rows * inner * cols);
            Matrix plain(1, cols);
            multiply_plain(Transpose::no, a.view().row_range(rows - 1, rows), Transpose::yes, w, 0.0f, plain,
                           context.products());
            check(name, c.view().row_range(rows - 1, rows), plain);
            return result;
          }};
}

/// dW [r, s] = A^T B over `rows` rows, as in every backward pass.
BenchCase gradient_case(Index rows, Index r, Index s) {
  const std::string name = "gemm-gradient-" + std::to_string(rows) + "x" + std::to_string(r) + "x" + std::to_string(s);
  return {name, [=](Context& context) {
            const Matrix a = random(rows, r, 1), b = random(rows, s, 2);
            Matrix c(r, s);
            BenchResult result{name, data_type_name(context.products())};
            result.seconds = median_seconds([&] { multiply_transposed(context, a, b, 0.0f, c, context.products()); });
            result.flops = 2.0 * static_cast<double>(rows * r * s);
            Matrix plain(1, s);
            multiply_plain(Transpose::yes, a.view().col_range(r - 1, r), Transpose::no, b, 0.0f, plain,
                           context.products());
            check(name, c.view().row_range(r - 1, r), plain);
            return result;
          }};
}

}  // namespace

std::vector<BenchCase> gemm_cases() {
  return {forward_case(1280, 512, 2048),  forward_case(64, 512, 2048),    forward_case(160, 512, 1024),
          forward_case(160, 1024, 512),   forward_case(16, 512, 1024),    forward_case(1, 512, 2048),
          forward_case(1280, 512, 10000), gradient_case(1280, 2048, 512), gradient_case(160, 1024, 512),
          gradient_case(1280, 10000, 512)};
}

}  // namespace moelm
