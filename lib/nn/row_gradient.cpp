#include "nn/row_gradient.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "ops/kernels.hpp"

namespace moelm {

namespace {

/// Whether the rows are those of a table from the first on, so that row i is in place i.
bool is_whole(const RowGradient& gradient) {
  return !gradient.index.empty() && gradient.index.back() + 1 == static_cast<std::int32_t>(gradient.index.size());
}

}  // namespace

void take_whole_table(Index rows, Index columns, RowGradient& gradient) {
  gradient.index.resize(static_cast<std::size_t>(rows));
  std::iota(gradient.index.begin(), gradient.index.end(), 0);
  gradient.rows.reshape(rows, columns);
  gradient.rows.zero();
}

void add_rows(const RowGradient& part, RowGradient& total) {
  RowGradient sum;
  std::set_union(total.index.begin(), total.index.end(), part.index.begin(), part.index.end(),
                 std::back_inserter(sum.index));
  if (is_whole(total) && sum.index.size() == total.index.size()) return add_rows(part, total.rows.view());
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
