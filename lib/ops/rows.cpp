#include "ops/rows.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {
constexpr Index kRowsOfATask = 64;
constexpr Index kColumnsOfATask = 256;
}  // namespace

void gather_rows(Context& context, ConstMatrixView table, std::span<const std::int32_t> index, MatrixView out) {
  ensure(out.rows == static_cast<Index>(index.size()) && out.cols == table.cols, "gathered shape agrees");
  context.parallel_ranges(out.rows, kRowsOfATask, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      std::copy_n(table.row(index[static_cast<std::size_t>(i)]), table.cols, out.row(i));
  });
}

void add_column_sums(Context& context, ConstMatrixView x, std::span<float> sums) {
  ensure(static_cast<Index>(sums.size()) == x.cols, "one sum a column");
  context.parallel_ranges(x.cols, kColumnsOfATask, [&](Index begin, Index end) {
    for (Index i = 0; i < x.rows; ++i) kernels().axpy(end - begin, 1.0f, x.row(i) + begin, sums.data() + begin);
  });
}

void add(Context& context, ConstMatrixView x, MatrixView y) {
  ensure(x.rows == y.rows && x.cols == y.cols, "shapes of a sum agree");
  context.parallel_ranges(x.rows, kRowsOfATask, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) kernels().axpy(x.cols, 1.0f, x.row(i), y.row(i));
  });
}

}  // namespace moelm
