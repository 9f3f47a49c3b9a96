// Products with B in panels of 16 columns: our own kernels where the library has none whose rows are independent.
//   B [inner, cols] lies as [cols / 16][inner][16]; zeros fill up the last panel.
// An element of C is a sum over k in rising order, 512 terms at a time, so a row of C does not depend on the rows
// beside it, and long sums keep their precision.
#pragma once

#include "base/index.hpp"

namespace moelm {

inline constexpr Index kPanelColumns = 16;

/// Terms that are summed before their sum is added to C.
inline constexpr Index kPanelSumRows = 512;

/// Panels of a matrix with so many columns.
constexpr Index panels_of(Index cols) { return (cols + kPanelColumns - 1) / kPanelColumns; }

/// The kernels of one instruction set.
struct PanelKernels {
  const char* name;

  /// C = A B, or C += A B. A [rows, inner], C [rows, cols]; rows are a_stride and c_stride elements apart.
  void (*multiply)(Index rows, Index inner, Index cols, const float* a, Index a_stride, const float* panels,
                   bool accumulate, float* c, Index c_stride);
  /// One panel from `columns` <= 16 rows of the transpose of B, bt [columns, inner].
  void (*pack_columns)(Index inner, Index columns, const float* bt, Index stride, float* panel);
  /// Rows of one panel from those of `columns` <= 16 columns of B, which are b [rows, columns].
  void (*pack_rows)(Index rows, Index columns, const float* b, Index stride, float* panel);
  /// at[j][i] = a[i][j]; a [rows, columns], at [columns, at_stride]; columns rows ... at_stride - 1 of `at` become 0.
  void (*transpose)(Index rows, Index columns, const float* a, Index a_stride, float* at, Index at_stride);
};

/// The fastest that this processor runs, or null if it has none; MOELM_MAX_ISA lowers the choice.
const PanelKernels* panel_kernels();

/// The plain loops that define the others.
const PanelKernels& plain_panel_kernels();

}  // namespace moelm
