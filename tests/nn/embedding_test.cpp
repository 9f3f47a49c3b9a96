// Reading rows of the table and adding gradients back are adjoint, for any repetition of tokens.
#include "nn/embedding.hpp"

#include "support/catch.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

double inner_product(ConstMatrixView a, ConstMatrixView b) {
  double sum = 0;
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j) sum += static_cast<double>(a(i, j)) * static_cast<double>(b(i, j));
  return sum;
}

std::vector<std::int32_t> tokens_with_repetition(Index count, Index vocabulary) {
  std::vector<std::int32_t> tokens;
  for (Index i = 0; i < count; ++i) tokens.push_back(static_cast<std::int32_t>(i * i % vocabulary));
  return tokens;
}

}  // namespace

TEST_CASE("a token reads its row") {
  Context context(2);
  const EmbeddingParameters p{random_matrix(13, 7, 1)};
  const std::vector<std::int32_t> tokens = tokens_with_repetition(150, 13);
  Matrix x(150, 7);
  embedding_forward(context, p, tokens, x);
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < x.cols(); ++j) REQUIRE(x(i, j) == p.weight(tokens[static_cast<std::size_t>(i)], j));
}

TEST_CASE("scattering gradients is the adjoint of gathering rows") {
  Context context(2);
  const EmbeddingParameters p{random_matrix(101, 7, 1)};
  const std::vector<std::int32_t> tokens = tokens_with_repetition(300, 101);
  const Matrix dx = random_matrix(300, 7, 2);
  Matrix x(300, 7);
  embedding_forward(context, p, tokens, x);
  RowGradient gradient;
  gradient.index = {99};  // of an earlier pass: overwritten
  embedding_backward(context, tokens, dx, gradient);

  REQUIRE(gradient.rows.rows() == static_cast<Index>(gradient.index.size()));
  double scattered = 0;
  for (std::size_t r = 0; r < gradient.index.size(); ++r) {
    if (r > 0) REQUIRE(gradient.index[r] > gradient.index[r - 1]);
    const auto row = static_cast<Index>(r);
    scattered += inner_product(gradient.rows.view().row_range(row, row + 1),
                               p.weight.view().row_range(gradient.index[r], gradient.index[r] + 1));
  }
  REQUIRE(scattered == Approx(inner_product(x, dx)).epsilon(1e-6));
}
