#include "ops/gemm.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "ops/kernels.hpp"
#include "ops/pack_kernels.hpp"
#include "ops/packed_product.hpp"
#include "ops/panel_kernels.hpp"

namespace moelm {

namespace {

/// Rows of one task: small products are cut finer, so that a few streams still feed all threads.
Index rows_of_a_task(Index rows) { return rows >= 512 ? 64 : 16; }

/// Calls product(begin, end) for ranges of rows. A single thread uses large ranges, because each range reads the whole
/// right-hand side again. There are few range sizes, because the library compiles a product for each size.
template <class Product>
void for_each_rows(Context& context, Index rows, const Product& product) {
  if (!context.serial()) return context.parallel_ranges(rows, rows_of_a_task(rows), product);
  for (Index begin = 0; begin < rows;) {
    const Index left = rows - begin, taken = left >= 64 ? 64 : left >= 16 ? 16 : left;
    product(begin, begin + taken);
    begin += taken;
  }
}

constexpr Index kPanelRows = 64;          // rows of one task of a product by panels
constexpr Index kPanelTaskColumns = 256;  // its columns where the rows are one task
constexpr Index kSmallProduct = 1 << 16;  // multiply-adds that no second thread is woken for
constexpr Index kGradientRows = 128;      // rows of C of one task of multiply_transposed
constexpr Index kGradientInner = 2048;    // rows of A and B that it takes at once

/// Rows [begin, end) as the product wants them: A itself, or rounded in the scratch of this thread.
const void* rounded_rows(Context& context, ConstMatrixView a, const PackedLayout& layout) {
  if (layout.type == DataType::f32) return a.data;
  float* scratch = context.scratch(ScratchSlot::rounded, a.size()).data();
  if (layout.emulated)
    pack_kernels().round_wide(a.size(), a.data, scratch);
  else
    pack_kernels().round(a.size(), a.data, reinterpret_cast<Bf16*>(scratch));
  return scratch;
}

/// C = A B + beta C by a product of exactly `rows` rows. A is padded with rows of zeros.
void multiply_padded(Context& context, ConstMatrixView a, Index rows, const PackedMatrix& b, float beta, MatrixView c) {
  const MatrixView pa{context.scratch(ScratchSlot::padded_input, rows * a.cols).data(), rows, a.cols, a.cols};
  const MatrixView pc{context.scratch(ScratchSlot::padded_output, rows * c.cols).data(), rows, c.cols, c.cols};
  std::fill_n(std::copy_n(a.data, a.size(), pa.data), pa.size() - a.size(), 0.0f);
  if (beta == 1) std::fill_n(std::copy_n(c.data, c.size(), pc.data), pc.size() - c.size(), 0.0f);
  run_product(context, b.layout(), b.image(), rounded_rows(context, pa, b.layout()), rows, beta == 1, pc.data);
  std::copy_n(pc.data, c.size(), c.data);
}

/// Rows of A and B that are taken together, padded with zeros so that few different products are compiled.
Index padded_inner(Index rows) { return rows <= 64 ? padded_rows(rows, 8) : padded_rows(rows, 32); }

/// Rows [M, R] of the left-hand side of a gradient's product, rounded or not.
struct LeftSide {
  const void* data;
  Index rows, cols, stride;
  bool rounded;  ///< whether the numbers are rounded to the type of the product
  bool wide;     ///< whether the numbers are stored in single precision

  LeftSide row_range(Index begin, Index end) const {
    return {static_cast<const std::byte*>(data) + begin * stride * (wide ? 4 : 2),
            end - begin,
            cols,
            stride,
            rounded,
            wide};
  }
  ConstMatrixView view() const { return {static_cast<const float*>(data), rows, cols, stride}; }
};

/// Columns [begin, end) of A as rows of `at` [end - begin, inner].
void transpose_slice(const LeftSide& a, const PackedLayout& layout, Index begin, Index end, float* at) {
  const PackKernels& kernels = pack_kernels();
  const Index inner = layout.inner;
  if (!a.wide)
    return kernels.transpose_rounded(a.rows, end - begin, static_cast<const Bf16*>(a.data) + begin, a.stride,
                                     reinterpret_cast<Bf16*>(at), inner);
  const float* from = static_cast<const float*>(a.data) + begin;
  if (!layout.wide())
    return kernels.transpose_bf16(a.rows, end - begin, from, a.stride, reinterpret_cast<Bf16*>(at), inner);
  const bool panels = layout.order == PackedOrder::panels_of_16;
  (panels ? panel_kernels()->transpose : kernels.transpose_f32)(a.rows, end - begin, from, a.stride, at, inner);
  if (layout.emulated && !a.rounded) kernels.round_wide((end - begin) * inner, at, at);
}

/// C = A^T B + beta C by packed products: B is packed once, a slice of A is transposed by each task.
void multiply_packed(Context& context, const LeftSide& a, const PackedLayout& layout, const std::byte* image,
                     float beta, MatrixView c, std::span<float> column_sums) {
  const Index inner = layout.inner;
  context.parallel_ranges(c.rows, kGradientRows, [&](Index begin, Index end) {
    float* at = context.scratch(ScratchSlot::transposed, (end - begin) * inner).data();
    transpose_slice(a, layout, begin, end, at);
    if (!column_sums.empty())
      for (Index j = begin; j < end; ++j)
        column_sums[static_cast<std::size_t>(j)] +=
            layout.wide() ? kernels().sum(inner, at + (j - begin) * inner)
                          : pack_kernels().sum_bf16(inner, reinterpret_cast<const Bf16*>(at) + (j - begin) * inner);
    run_product(context, layout, image, at, end - begin, beta == 1, c.row(begin));
  });
}

/// The same without packing: for a C that is not dense, and for layouts that multiply_packed cannot use.
void multiply_unpacked(Context& context, ConstMatrixView a, ConstMatrixView b, float beta, MatrixView c,
                       std::span<float> column_sums) {
  context.parallel_ranges(c.rows, kGradientRows, [&](Index begin, Index end) {
    run_transposed_product(a.col_range(begin, end), b, beta, c.row_range(begin, end));
    if (column_sums.empty()) return;
    for (Index i = 0; i < a.rows; ++i) kernels().axpy(end - begin, 1.0f, a.row(i) + begin, column_sums.data() + begin);
  });
}

/// A copy of m rounded to bfloat16, in a scratch slot of this thread.
ConstMatrixView rounded_copy(Context& context, ConstMatrixView m, ScratchSlot slot) {
  const MatrixView copy{context.scratch(slot, m.size()).data(), m.rows, m.cols, m.cols};
  for (Index i = 0; i < m.rows; ++i) pack_kernels().round_wide(m.cols, m.row(i), copy.row(i));
  return copy;
}

void multiply_some_rows(Context& context, const LeftSide& a, ConstMatrixView b, float beta, MatrixView c, DataType type,
                        std::span<float> column_sums) {
  const PackedLayout& layout = packed_layout(type, padded_inner(a.rows), b.cols);
  if (layout.any_rows && layout.order != PackedOrder::library && c.dense()) {
    auto* image = reinterpret_cast<std::byte*>(
        context.scratch(ScratchSlot::packed, (layout.bytes + 3) / Index{sizeof(float)}).data());
    pack_all_rows(context, layout, b, image);
    return multiply_packed(context, a, layout, image, beta, c, column_sums);
  }
  ensure(a.wide, "bfloat16 numbers are packed");
  const ConstMatrixView left =
      type == DataType::f32 || a.rounded ? a.view() : rounded_copy(context, a.view(), ScratchSlot::transposed);
  multiply_unpacked(context, left, type == DataType::f32 ? b : rounded_copy(context, b, ScratchSlot::packed), beta, c,
                    column_sums);
}

void multiply_transposed(Context& context, const LeftSide& a, ConstMatrixView b, float beta, MatrixView c,
                         DataType type, std::span<float> column_sums) {
  ensure(a.rows == b.rows && a.cols == c.rows && b.cols == c.cols, "shapes of a product agree");
  ensure(column_sums.empty() || static_cast<Index>(column_sums.size()) == a.cols, "one sum a column");
  if (a.rows == 0) {
    for (Index i = 0; beta == 0 && i < c.rows; ++i) std::fill_n(c.row(i), c.cols, 0.0f);
    return;
  }
  for (Index begin = 0; begin < a.rows; begin += kGradientInner) {
    const Index end = std::min(a.rows, begin + kGradientInner);
    multiply_some_rows(context, a.row_range(begin, end), b.row_range(begin, end), begin == 0 ? beta : 1.0f, c, type,
                       column_sums);
  }
}

/// Products by our own panels: tasks of rows, and few rows in tasks of columns. Both are functions of the shape, and an
/// element of C does not depend on them.
void multiply_panels(Context& context, ConstMatrixView a, const PackedMatrix& b, float beta, MatrixView c) {
  const PackedLayout& layout = b.layout();
  const auto* image = static_cast<const float*>(b.image());
  const auto product = [&](Index begin, Index end, Index first, Index last) {
    const ConstMatrixView rows = a.row_range(begin, end);
    panel_kernels()->multiply(rows.rows, layout.inner, last - first,
                              static_cast<const float*>(rounded_rows(context, rows, layout)), layout.inner,
                              image + first * layout.inner, beta == 1, c.row(begin) + first, c.stride);
  };
  if (a.rows * layout.inner * layout.cols <= kSmallProduct) return product(0, a.rows, 0, layout.cols);
  const Index row_grain = std::min(a.rows, kPanelRows), row_tasks = (a.rows + row_grain - 1) / row_grain;
  const Index column_grain = row_tasks > 1 ? layout.cols : kPanelTaskColumns;
  const Index column_tasks = (layout.cols + column_grain - 1) / column_grain;
  context.parallel_for(row_tasks * column_tasks, [&](Index task) {
    const Index row = task / column_tasks * row_grain, column = task % column_tasks * column_grain;
    product(row, std::min(a.rows, row + row_grain), column, std::min(layout.cols, column + column_grain));
  });
}

}  // namespace

void multiply(Context& context, ConstMatrixView a, const PackedMatrix& b, float beta, MatrixView c) {
  const PackedLayout& layout = b.layout();
  ensure(a.cols == layout.inner && c.cols == layout.cols && a.rows == c.rows, "shapes of a product agree");
  ensure(a.dense() && c.dense(), "rows of a product are dense");
  ensure(beta == 0 || beta == 1, "a product overwrites or adds");
  if (layout.order == PackedOrder::panels_of_16) return multiply_panels(context, a, b, beta, c);
  if (layout.any_rows)
    return for_each_rows(context, a.rows, [&](Index begin, Index end) {
      run_product(context, layout, b.image(), rounded_rows(context, a.row_range(begin, end), layout), end - begin,
                  beta == 1, c.row(begin));
    });
  const Index grain = rows_of_a_task(a.rows);
  context.parallel_ranges(a.rows, grain, [&](Index begin, Index end) {
    const ConstMatrixView rows = a.row_range(begin, end);
    if (end - begin < grain) return multiply_padded(context, rows, grain, b, beta, c.row_range(begin, end));
    run_product(context, layout, b.image(), rounded_rows(context, rows, layout), grain, beta == 1, c.row(begin));
  });
}

void multiply(Context& context, const RoundedView& a, const PackedMatrix& b, float beta, MatrixView c) {
  const PackedLayout& layout = b.layout();
  ensure(a.type == layout.type && a.wide == layout.wide(), "both sides of a product are of one type");
  if (!layout.any_rows)
    return multiply(context, {reinterpret_cast<const float*>(a.data), a.rows, a.cols, a.cols}, b, beta, c);
  ensure(a.cols == layout.inner && c.cols == layout.cols && a.rows == c.rows, "shapes of a product agree");
  ensure(c.dense() && (beta == 0 || beta == 1), "a product overwrites or adds to dense rows");
  for_each_rows(context, a.rows, [&](Index begin, Index end) {
    run_product(context, layout, b.image(), a.row_range(begin, end).data, end - begin, beta == 1, c.row(begin));
  });
}

void multiply_transposed(Context& context, ConstMatrixView a, ConstMatrixView b, float beta, MatrixView c,
                         DataType type, std::span<float> column_sums) {
  multiply_transposed(context, LeftSide{a.data, a.rows, a.cols, a.stride, type == DataType::f32, true}, b, beta, c,
                      type, column_sums);
}

void multiply_transposed(Context& context, const RoundedView& a, ConstMatrixView b, float beta, MatrixView c,
                         std::span<float> column_sums) {
  multiply_transposed(context, LeftSide{a.data, a.rows, a.cols, a.cols, true, a.wide}, b, beta, c, a.type, column_sums);
}

}  // namespace moelm
