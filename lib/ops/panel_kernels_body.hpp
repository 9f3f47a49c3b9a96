// The text of the panel kernels, included once for each instruction set after MOELM_PANEL_KERNELS is set to the name of
// the table and MOELM_PANEL_LANES to the numbers of a vector: a tile of R rows by P panels of C stays in registers
// while k runs. Vectors are those of the compiler (vector_size), so one text serves AVX2 and NEON.

#include <utility>

#include "ops/panel_kernels.hpp"

namespace moelm {

namespace {

constexpr int kVector = MOELM_PANEL_LANES;

using Vector = float __attribute__((vector_size(kVector * sizeof(float))));
using LooseVector = float __attribute__((vector_size(kVector * sizeof(float)), aligned(alignof(float)), may_alias));

constexpr int kVectorsPerPanel = kPanelColumns / kVector;

inline Vector load(const float* from) { return *reinterpret_cast<const LooseVector*>(from); }
inline void store(float* to, Vector v) { *reinterpret_cast<LooseVector*>(to) = v; }

// No function of the standard library is instantiated here: the linker could keep this copy for everyone.
inline Index smaller(Index a, Index b) { return a < b ? a : b; }
inline void copy(const float* from, Index count, float* to) {
  for (Index i = 0; i < count; ++i) to[i] = from[i];
}

/// Where a tile reads B, and what it fetches from memory meanwhile: `lines` lines of 64 bytes in every kFetchRows rows.
struct PanelSource {
  const float* b;
  Index panel_stride;  ///< elements from one panel to the next
  Index rows;          ///< rows of B that are multiplied
  const float* next;   ///< what will be read soon
  Index lines;
};
constexpr Index kFetchRows = 8, kLine = 16;

/// C tile [R, 16 P]; of its columns only `columns` exist. The sums fill most registers: with 16 columns a panel, R P <=
/// 6 for 16 registers of 8 lanes and for 32 of 4.
template <int R, int P>
void multiply_tile(const PanelSource& source, Index columns, const float* a, Index a_stride, bool accumulate, float* c,
                   Index c_stride) {
  constexpr int kVectors = P * kVectorsPerPanel;
  for (int r = 0; r < R; ++r) __builtin_prefetch(c + r * c_stride, 1);
  Vector sum[R][kVectors];
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j) sum[r][j] = Vector{};
  const float* b = source.b;
  const float* next = source.next;
  const auto add_row = [&](Index k) {
    Vector row[kVectors];
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j)
      row[j] = load(b + j / kVectorsPerPanel * source.panel_stride + j % kVectorsPerPanel * Index{kVector});
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      const float x = a[r * a_stride + k];
#pragma GCC unroll 16
      for (int j = 0; j < kVectors; ++j) sum[r][j] += x * row[j];
    }
    b += kPanelColumns;
  };
  Index k = 0;
  for (; k + kFetchRows <= source.rows; k += kFetchRows) {
    for (Index line = 0; line < source.lines; ++line, next += kLine) __builtin_prefetch(next, 0, 2);
// Beside a busy neighbour on the same core, instructions are what limits: unrolled there are a sixth fewer.
#pragma GCC unroll 8
    for (Index i = 0; i < kFetchRows; ++i) add_row(k + i);
  }
  for (; k < source.rows; ++k) add_row(k);
  // The last panel may be wider than C: it goes through a copy.
  float edge[R][P * kPanelColumns] = {};
  const bool whole = columns == P * kPanelColumns;
  if (accumulate && !whole)
    for (int r = 0; r < R; ++r) copy(c + r * c_stride, columns, edge[r]);
  float* const out = whole ? c : edge[0];
  const Index out_stride = whole ? c_stride : P * kPanelColumns;
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j) {
      float* const to = out + r * out_stride + j * kVector;
      store(to, accumulate ? load(to) + sum[r][j] : sum[r][j]);
    }
  if (!whole)
    for (int r = 0; r < R; ++r) copy(edge[r], columns, c + r * c_stride);
}

using Tile = void (*)(const PanelSource&, Index, const float*, Index, bool, float*, Index);

/// Few rows take several panels at a time, so that enough sums are independent to hide the latency of FMA.
struct TileKind {
  Tile several, one;
  int panels;  ///< of `several`
};
constexpr Index kMaxTileRows = 6;
constexpr TileKind kTiles[kMaxTileRows + 1] = {
    {},
    {multiply_tile<1, 4>, multiply_tile<1, 1>, 4},
    {multiply_tile<2, 2>, multiply_tile<2, 1>, 2},
    {multiply_tile<3, 2>, multiply_tile<3, 1>, 2},
    {multiply_tile<4, 1>, multiply_tile<4, 1>, 1},
    {multiply_tile<5, 1>, multiply_tile<5, 1>, 1},
    {multiply_tile<6, 1>, multiply_tile<6, 1>, 1},
};

/// One stripe of C below one panel or several. The tiles fetch the next panel, each an equal share. Few rows read B at
/// the speed of memory anyway: there it fetches ahead by itself.
void multiply_stripe(Index rows, PanelSource source, Index columns, const float* a, Index a_stride, bool accumulate,
                     float* c, Index c_stride, int panels) {
  const Index all_tiles = (rows + kMaxTileRows - 1) / kMaxTileRows;
  source.lines = panels > 1 ? 0 : (kFetchRows + all_tiles - 1) / all_tiles;
  for (Index i = 0; i < rows;) {
    // Tiles of nearly equal height.
    const Index left = rows - i, tiles = (left + kMaxTileRows - 1) / kMaxTileRows, height = (left + tiles - 1) / tiles;
    const TileKind& kind = kTiles[height];
    (panels > 1 ? kind.several : kind.one)(source, columns, a + i * a_stride, a_stride, accumulate, c + i * c_stride,
                                           c_stride);
    source.next += source.lines * (source.rows / kFetchRows) * kLine;
    i += height;
  }
}

void multiply(Index rows, Index inner, Index cols, const float* a, Index a_stride, const float* panels, bool accumulate,
              float* c, Index c_stride) {
  if (rows == 0) return;
  const int together = rows <= 3 ? kTiles[rows].panels : 1;
  const Index panel_stride = inner * kPanelColumns;
  for (Index j = 0; j < cols;) {
    const int taken = cols - j > (together - 1) * kPanelColumns ? together : 1;
    const Index columns = smaller(taken * kPanelColumns, cols - j);
    for (Index k = 0; k == 0 || k < inner; k += kPanelSumRows) {
      const float* const b = panels + j * inner + k * kPanelColumns;
      const Index count = smaller(kPanelSumRows, inner - k);
      // The rows that follow are adjacent, be they of the same panel or of the next.
      multiply_stripe(rows, {b, panel_stride, count, b + count * kPanelColumns, 0}, columns, a + k, a_stride,
                      accumulate || k > 0, c + j, c_stride, taken);
    }
    j += taken * kPanelColumns;
  }
}

/// Rows a and b of a transpose, `step` apart: swaps the upper half of each pair of halves of a with the lower one of b.
template <int step, std::size_t... lane>
inline void swap_halves(Vector& a, Vector& b, std::index_sequence<lane...>) {
  constexpr auto is_upper = [](std::size_t l) { return (l & step) != 0; };
  const Vector lower = __builtin_shufflevector(a, b, (is_upper(lane) ? kVector + lane - step : lane)...);
  const Vector upper = __builtin_shufflevector(a, b, (is_upper(lane) ? kVector + lane : lane + step)...);
  a = lower;
  b = upper;
}

template <int step>
inline void swap_all_halves(Vector (&rows)[kVector]) {
  for (int i = 0; i < kVector; ++i)
    if ((i & step) == 0) swap_halves<step>(rows[i], rows[i + step], std::make_index_sequence<kVector>());
  if constexpr (2 * step < kVector) swap_all_halves<2 * step>(rows);
}

/// A square of kVector rows and columns, transposed in registers.
void transpose_square(const float* from, Index stride, float* to, Index to_stride) {
  Vector rows[kVector];
  for (int i = 0; i < kVector; ++i) rows[i] = load(from + i * stride);
  swap_all_halves<1>(rows);
  for (int i = 0; i < kVector; ++i) store(to + i * to_stride, rows[i]);
}

void pack_columns(Index inner, Index columns, const float* bt, Index stride, float* panel) {
  const Index whole = columns == kPanelColumns ? inner / kVector * kVector : 0;
  for (Index k = 0; k < whole; k += kVector)
    for (Index j = 0; j < kPanelColumns; j += kVector)
      transpose_square(bt + j * stride + k, stride, panel + k * kPanelColumns + j, kPanelColumns);
  for (Index k = whole; k < inner; ++k)
    for (Index j = 0; j < kPanelColumns; ++j) panel[k * kPanelColumns + j] = j < columns ? bt[j * stride + k] : 0.0f;
}

void pack_rows(Index rows, Index columns, const float* b, Index stride, float* panel) {
  for (Index k = 0; k < rows; ++k, b += stride, panel += kPanelColumns)
    if (columns == kPanelColumns)
      for (Index j = 0; j < kPanelColumns; j += kVector) store(panel + j, load(b + j));
    else
      for (Index j = 0; j < kPanelColumns; ++j) panel[j] = j < columns ? b[j] : 0.0f;
}

void transpose(Index rows, Index columns, const float* a, Index a_stride, float* at, Index at_stride) {
  const Index whole_rows = rows / kVector * kVector, whole_columns = columns / kVector * kVector;
  for (Index i = 0; i < whole_rows; i += kVector) {
    for (Index j = 0; j < whole_columns; j += kVector)
      transpose_square(a + i * a_stride + j, a_stride, at + j * at_stride + i, at_stride);
    for (Index j = whole_columns; j < columns; ++j)
      for (Index k = i; k < i + kVector; ++k) at[j * at_stride + k] = a[k * a_stride + j];
  }
  for (Index i = whole_rows; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) at[j * at_stride + i] = a[i * a_stride + j];
  for (Index j = 0; j < columns; ++j)
    for (Index k = rows; k < at_stride; ++k) at[j * at_stride + k] = 0.0f;
}

}  // namespace

extern const PanelKernels MOELM_PANEL_KERNELS;
const PanelKernels MOELM_PANEL_KERNELS = {.name = MOELM_PANEL_KERNELS_NAME,
                                          .multiply = multiply,
                                          .pack_columns = pack_columns,
                                          .pack_rows = pack_rows,
                                          .transpose = transpose};

}  // namespace moelm
