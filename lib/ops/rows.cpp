#include "ops/rows.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "ops/kernels.hpp"

namespace moelm {

void copy_rows(Context& context, ConstMatrixView from, Matrix& to) {
  to.reshape(from.rows, from.cols);
  copy_rows(context, from, 0, to, 0, from.rows);
}

void copy_rows(Context& context, ConstMatrixView from, Index first, MatrixView to, Index to_first, Index count) {
  context.parallel_ranges(count, kRowsPerTask, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) std::copy_n(from.row(first + i), from.cols, to.row(to_first + i));
  });
}

void gather_rows(Context& context, ConstMatrixView table, std::span<const std::int32_t> index, MatrixView out) {
  ensure(out.rows == static_cast<Index>(index.size()) && out.cols == table.cols, "gathered shape agrees");
  context.parallel_ranges(out.rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      std::copy_n(table.row(index[static_cast<std::size_t>(i)]), table.cols, out.row(i));
  });
}

void scatter_rows(Context& context, ConstMatrixView rows, std::span<const std::int32_t> index, MatrixView out) {
  ensure(rows.rows == static_cast<Index>(index.size()) && rows.cols == out.cols, "scattered shape agrees");
  context.parallel_ranges(rows.rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      std::copy_n(rows.row(i), rows.cols, out.row(index[static_cast<std::size_t>(i)]));
  });
}

void add(Context& context, ConstMatrixView x, MatrixView y) {
  ensure(x.rows == y.rows && x.cols == y.cols, "shapes of a sum agree");
  context.parallel_ranges(x.rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) kernels().axpy(x.cols, 1.0f, x.row(i), y.row(i));
  });
}

}  // namespace moelm
