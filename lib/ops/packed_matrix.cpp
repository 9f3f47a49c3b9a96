// Bringing the right-hand side of products into the order in which they read it.
#include <algorithm>

#include "ops/gemm.hpp"
#include "ops/pack_kernels.hpp"
#include "ops/packed_product.hpp"
#include "ops/panel_kernels.hpp"

namespace moelm {

namespace {

constexpr Index kRowsPerPackingTask = 128;
constexpr Index kPanelsPerPackingTask = 4;

/// Numbers of a block of 64 columns.
Index block_size(const PackedLayout& layout) {
  return padded_rows(layout.inner, layout.wide() ? kBlockRowsF32 : kBlockRowsBf16) * kBlockColumns;
}

/// Packs `block`, whose columns are rows of bt.
void pack_block(const PackedLayout& layout, ConstMatrixView bt, Index block, std::byte* image) {
  const Index column = block * kBlockColumns, columns = std::min(kBlockColumns, layout.cols - column);
  const Index size = block_size(layout);
  const PackKernels& kernels = pack_kernels();
  if (!layout.wide())
    return kernels.block_bf16(layout.inner, columns, bt.row(column), bt.stride,
                              reinterpret_cast<Bf16*>(image) + block * size);
  float* out = reinterpret_cast<float*>(image) + block * size;
  kernels.block_f32(layout.inner, columns, bt.row(column), bt.stride, out);
  if (layout.emulated) kernels.round_wide(size, out, out);
}

/// Packs rows [begin, end) of b. Rows past the end of b are packed as zeros.
void pack_rows(const PackedLayout& layout, ConstMatrixView b, Index begin, Index end, std::byte* image) {
  const Index rows = std::max<Index>(0, std::min(end, b.rows) - begin), size = block_size(layout);
  const PackKernels& kernels = pack_kernels();
  if (!layout.wide())
    return kernels.rows_bf16(rows, end - begin, layout.cols, b.row(begin), b.stride,
                             reinterpret_cast<Bf16*>(image) + begin * kBlockColumns, size);
  float* out = reinterpret_cast<float*>(image) + begin * kBlockColumns;
  kernels.rows_f32(rows, end - begin, layout.cols, b.row(begin), b.stride, out, size);
  for (Index j = 0; layout.emulated && j < layout.cols; j += kBlockColumns) {
    float* numbers = out + j / kBlockColumns * size;
    kernels.round_wide((end - begin) * kBlockColumns, numbers, numbers);
  }
}

/// Packs rows [begin, end) of b into all panels; rows beyond its own and columns beyond the last are zeros.
void pack_panel_rows(const PackedLayout& layout, ConstMatrixView b, Index begin, Index end, float* image) {
  const Index rows = std::max<Index>(0, std::min(end, b.rows) - begin);
  for (Index column = 0; column < layout.cols; column += kPanelColumns) {
    const Index columns = std::min(kPanelColumns, layout.cols - column);
    float* out = image + column * layout.inner + begin * kPanelColumns;
    panel_kernels()->pack_rows(rows, columns, b.row(begin) + column, b.stride, out);
    std::fill_n(out + rows * kPanelColumns, (end - begin - rows) * kPanelColumns, 0.0f);
    if (layout.emulated) pack_kernels().round_wide((end - begin) * kPanelColumns, out, out);
  }
}

/// Panels whose columns are rows of bt.
void pack_panels(Context& context, const PackedLayout& layout, ConstMatrixView bt, float* image) {
  const Index panel = layout.inner * kPanelColumns;
  context.parallel_ranges(panels_of(layout.cols), kPanelsPerPackingTask, [&](Index begin, Index end) {
    for (Index p = begin; p < end; ++p) {
      const Index column = p * kPanelColumns;
      panel_kernels()->pack_columns(layout.inner, std::min(kPanelColumns, layout.cols - column), bt.row(column),
                                    bt.stride, image + p * panel);
      if (layout.emulated) pack_kernels().round_wide(panel, image + p * panel, image + p * panel);
    }
  });
}

void pack_image(Context& context, const PackedLayout& layout, ConstMatrixView weights, Transpose transpose,
                std::byte* image) {
  if (layout.order == PackedOrder::library) {
    reorder_weights(layout, weights, transpose, image);
    auto* numbers = reinterpret_cast<float*>(image);
    if (layout.emulated) pack_kernels().round_wide(layout.bytes / Index{sizeof(float)}, numbers, numbers);
    return;
  }
  if (transpose == Transpose::no) return pack_all_rows(context, layout, weights, image);
  if (layout.order == PackedOrder::panels_of_16)
    return pack_panels(context, layout, weights, reinterpret_cast<float*>(image));
  context.parallel_for((layout.cols + kBlockColumns - 1) / kBlockColumns,
                       [&](Index block) { pack_block(layout, weights, block, image); });
}

}  // namespace

void pack_all_rows(Context& context, const PackedLayout& layout, ConstMatrixView b, std::byte* image) {
  if (layout.order == PackedOrder::panels_of_16)
    return context.parallel_ranges(layout.inner, kRowsPerPackingTask, [&](Index begin, Index end) {
      pack_panel_rows(layout, b, begin, end, reinterpret_cast<float*>(image));
    });
  context.parallel_ranges(block_size(layout) / kBlockColumns, kRowsPerPackingTask,
                          [&](Index begin, Index end) { pack_rows(layout, b, begin, end, image); });
}

Index PackedMatrix::inner() const { return layout_->inner; }
Index PackedMatrix::cols() const { return layout_->cols; }

void PackedMatrix::prepare(Index inner, Index cols, DataType type) {
  layout_ = &packed_layout(type, inner, cols);
  if (layout_->bytes <= capacity_) return;
  data_.reset();
  data_ = allocate_block(static_cast<std::size_t>(layout_->bytes));
  capacity_ = layout_->bytes;
}

void PackedMatrix::pack(Context& context, ConstMatrixView weights, Transpose transpose, DataType type) {
  const bool swap = transpose == Transpose::yes;
  prepare(swap ? weights.cols : weights.rows, swap ? weights.rows : weights.cols, type);
  pack_image(context, *layout_, weights, transpose, data_.get());
}

void PackedMatrix::pack(Context& context, const Bf16Matrix& weights, Transpose transpose, DataType type) {
  const bool swap = transpose == Transpose::yes;
  prepare(swap ? weights.cols() : weights.rows(), swap ? weights.rows() : weights.cols(), type);
  if (layout_->wide() || layout_->order != PackedOrder::blocks_of_64) {
    const MatrixView wide{context.scratch(ScratchSlot::packed, weights.size()).data(), weights.rows(), weights.cols(),
                          weights.cols()};
    pack_kernels().widen(weights.size(), weights.data(), wide.data);
    return pack_image(context, *layout_, wide, transpose, data_.get());
  }
  auto* image = reinterpret_cast<Bf16*>(data_.get());
  const Index size = block_size(*layout_);
  if (transpose == Transpose::no)
    return context.parallel_ranges(size / kBlockColumns, kRowsPerPackingTask, [&](Index begin, Index end) {
      const Index rows = std::max<Index>(0, std::min(end, weights.rows()) - begin);
      pack_kernels().rows_rounded(rows, end - begin, weights.cols(), weights.row(begin), weights.cols(),
                                  image + begin * kBlockColumns, size);
    });
  context.parallel_ranges(weights.rows(), kBlockColumns, [&](Index begin, Index end) {
    pack_kernels().block_rounded(weights.cols(), end - begin, weights.row(begin), weights.cols(),
                                 image + begin / kBlockColumns * size);
  });
}

}  // namespace moelm
