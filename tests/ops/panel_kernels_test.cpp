// Products by panels equal plain loops at odd sizes, and an element of C depends on nothing but its row and column.
#include "ops/panel_kernels.hpp"

#include <cmath>
#include <cstring>
#include <vector>

#include "support/catch.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

Matrix packed_panels(const PanelKernels& kernels, const Matrix& bt) {
  Matrix panels(panels_of(bt.rows()), bt.cols() * kPanelColumns);
  for (Index p = 0; p < panels.rows(); ++p)
    kernels.pack_columns(bt.cols(), std::min(kPanelColumns, bt.rows() - p * kPanelColumns), bt.row(p * kPanelColumns),
                         bt.cols(), panels.row(p));
  return panels;
}

bool same_bits(const float* a, const float* b, Index count) {
  return std::memcmp(a, b, static_cast<std::size_t>(count) * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("panels equal plain loops: every number of rows to two tiles, columns that fill no panel") {
  const PanelKernels* fast = panel_kernels();
  if (fast == nullptr) {
    SUCCEED("this processor has no panel kernels");
    return;
  }
  for (const Index rows : {0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 15, 16, 17, 63, 64, 65, 1000})
    for (const Index inner : {1, 7, 8, 9, 64, 130, 513})
      for (const Index cols : {1, 15, 16, 17, 31, 33, 48, 63, 64, 65, 100}) {
        CAPTURE(rows, inner, cols);
        const Matrix a = random_matrix(rows, inner, 1), bt = random_matrix(cols, inner, 2);
        const Matrix panels = packed_panels(*fast, bt), plain_panels = packed_panels(plain_panel_kernels(), bt);
        REQUIRE(same_bits(panels.data(), plain_panels.data(), panels.size()));
        for (const bool accumulate : {false, true}) {
          // Rows are farther apart than they are long, and what lies between them is not touched.
          Matrix c = random_matrix(rows, cols + 3, 4), expected = c.clone();
          fast->multiply(rows, inner, cols, a.data(), inner, panels.data(), accumulate, c.data(), cols + 3);
          plain_panel_kernels().multiply(rows, inner, cols, a.data(), inner, panels.data(), accumulate, expected.data(),
                                         cols + 3);
          Index wrong = 0;
          for (Index i = 0; i < rows; ++i) {
            for (Index j = 0; j < cols; ++j)
              wrong += std::abs(c(i, j) - expected(i, j)) > 1e-5f + 2e-7f * static_cast<float>(inner);
            wrong += !same_bits(c.row(i) + cols, expected.row(i) + cols, 3);
          }
          REQUIRE(wrong == 0);
        }
      }
}

TEST_CASE("an element of a product by panels has the same bits in any company") {
  const PanelKernels* fast = panel_kernels();
  if (fast == nullptr) {
    SUCCEED("this processor has no panel kernels");
    return;
  }
  const Index rows = 23, inner = 77, cols = 100;
  const Matrix a = random_matrix(rows, inner, 1), panels = packed_panels(*fast, random_matrix(cols, inner, 2));
  Matrix whole(rows, cols);
  fast->multiply(rows, inner, cols, a.data(), inner, panels.data(), false, whole.data(), cols);
  for (Index begin = 0; begin < rows; ++begin)
    for (Index end = begin + 1; end <= rows; ++end) {
      Matrix part(end - begin, cols);
      fast->multiply(end - begin, inner, cols, a.row(begin), inner, panels.data(), false, part.data(), cols);
      REQUIRE(same_bits(part.data(), whole.row(begin), part.size()));
    }
  for (Index first = 0; first < cols; first += kPanelColumns) {
    const Index some = std::min<Index>(cols - first, 40);
    Matrix part(rows, some);
    fast->multiply(rows, inner, some, a.data(), inner, panels.data() + first * inner, false, part.data(), some);
    for (Index i = 0; i < rows; ++i) REQUIRE(same_bits(part.row(i), whole.row(i) + first, some));
  }
}

TEST_CASE("rows are packed into a panel, columns that are missing as zeros") {
  const PanelKernels* fast = panel_kernels();
  if (fast == nullptr) {
    SUCCEED("this processor has no panel kernels");
    return;
  }
  for (const Index rows : {0, 1, 9})
    for (const Index columns : {1, 8, 15, 16}) {
      CAPTURE(rows, columns);
      const Matrix b = random_matrix(rows, columns + 2, 1);
      Matrix panel = random_matrix(rows + 1, kPanelColumns, 2), expected = panel.clone();
      fast->pack_rows(rows, columns, b.data(), columns + 2, panel.data());
      plain_panel_kernels().pack_rows(rows, columns, b.data(), columns + 2, expected.data());
      REQUIRE(same_bits(panel.data(), expected.data(), panel.size()));
      for (Index k = 0; k < rows; ++k)
        for (Index j = 0; j < kPanelColumns; ++j) REQUIRE(expected(k, j) == (j < columns ? b(k, j) : 0.0f));
    }
}

TEST_CASE("transposes for panels fill up with zeros") {
  const PanelKernels* fast = panel_kernels();
  if (fast == nullptr) {
    SUCCEED("this processor has no panel kernels");
    return;
  }
  for (const Index rows : {1, 7, 8, 9, 33})
    for (const Index columns : {1, 8, 13, 40}) {
      CAPTURE(rows, columns);
      const Matrix a = random_matrix(rows, columns + 2, 1);
      Matrix at = random_matrix(columns, rows + 5, 2), expected = random_matrix(columns, rows + 5, 3);
      fast->transpose(rows, columns, a.data(), columns + 2, at.data(), rows + 5);
      plain_panel_kernels().transpose(rows, columns, a.data(), columns + 2, expected.data(), rows + 5);
      REQUIRE(same_bits(at.data(), expected.data(), at.size()));
    }
}
