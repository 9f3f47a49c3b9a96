#include "nn/row_gradient.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ops/kernels.hpp"

namespace moelm {

void add_rows(const RowGradient& part, RowGradient& total) {
  RowGradient sum;
  std::set_union(total.index.begin(), total.index.end(), part.index.begin(), part.index.end(),
                 std::back_inserter(sum.index));
  const Index columns = part.rows.cols();
  sum.rows = Matrix(static_cast<Index>(sum.index.size()), columns);
  for (const RowGradient* gradient : {&std::as_const(total), &part}) {
    Index row = 0;
    for (std::size_t i = 0; i < gradient->index.size(); ++i) {
      while (sum.index[static_cast<std::size_t>(row)] != gradient->index[i]) ++row;
      kernels().axpy(columns, 1.0f, gradient->rows.row(static_cast<Index>(i)), sum.rows.row(row));
    }
  }
  total.index.swap(sum.index);
  total.rows.swap(sum.rows);
}

void add_rows(const RowGradient& part, MatrixView total) {
  for (std::size_t i = 0; i < part.index.size(); ++i)
    kernels().axpy(total.cols, 1.0f, part.rows.row(static_cast<Index>(i)), total.row(part.index[i]));
}

}  // namespace moelm
