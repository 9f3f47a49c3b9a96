#include "ops/panel_kernels.hpp"

#include <algorithm>

#include "base/instruction_set.hpp"

namespace moelm {

#if defined(MOELM_X86_KERNELS)
extern const PanelKernels kPanelKernels_avx2;
#elif defined(MOELM_ARM_KERNELS)
extern const PanelKernels kPanelKernels_neon;
#endif

namespace {

void multiply_panels_plain(Index rows, Index inner, Index cols, const float* a, Index a_stride, const float* panels,
                           bool accumulate, float* c, Index c_stride) {
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j) {
      const float* b = panels + j / kPanelColumns * inner * kPanelColumns + j % kPanelColumns;
      float total = accumulate ? c[i * c_stride + j] : 0.0f;
      for (Index first = 0; first < inner; first += kPanelSumRows) {
        float sum = 0;
        for (Index k = first; k < std::min(inner, first + kPanelSumRows); ++k)
          sum += a[i * a_stride + k] * b[k * kPanelColumns];
        total += sum;
      }
      c[i * c_stride + j] = total;
    }
}

void pack_columns_plain(Index inner, Index columns, const float* bt, Index stride, float* panel) {
  for (Index k = 0; k < inner; ++k)
    for (Index j = 0; j < kPanelColumns; ++j) panel[k * kPanelColumns + j] = j < columns ? bt[j * stride + k] : 0.0f;
}

void pack_rows_plain(Index rows, Index columns, const float* b, Index stride, float* panel) {
  for (Index k = 0; k < rows; ++k)
    for (Index j = 0; j < kPanelColumns; ++j) panel[k * kPanelColumns + j] = j < columns ? b[k * stride + j] : 0.0f;
}

void transpose_plain(Index rows, Index columns, const float* a, Index a_stride, float* at, Index at_stride) {
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < rows; ++i) at[j * at_stride + i] = a[i * a_stride + j];
    std::fill(at + j * at_stride + rows, at + (j + 1) * at_stride, 0.0f);
  }
}

constexpr PanelKernels kPlainPanels = {.name = "plain",
                                       .multiply = multiply_panels_plain,
                                       .pack_columns = pack_columns_plain,
                                       .pack_rows = pack_rows_plain,
                                       .transpose = transpose_plain};

}  // namespace

const PanelKernels& plain_panel_kernels() { return kPlainPanels; }

const PanelKernels* panel_kernels() {
#if defined(MOELM_X86_KERNELS)
  return chosen_instructions() >= InstructionSet::avx2 ? &kPanelKernels_avx2 : nullptr;
#elif defined(MOELM_ARM_KERNELS)
  return &kPanelKernels_neon;
#else
  return nullptr;
#endif
}

}  // namespace moelm
