// Panels of 16 columns on AVX2 with FMA: a tile of R rows by P panels of C stays in registers while k runs.
#include <immintrin.h>

#include <algorithm>

#include "ops/panel_kernels.hpp"

namespace moelm {

namespace {

constexpr Index kVector = 8;

/// C tile [R, 16 P] from `count` rows of B; of its columns only `columns` exist. Of 16 registers 2 R P hold sums, so
/// R P <= 6. Panels are panel_stride elements apart.
template <int R, int P>
void multiply_tile(Index count, Index columns, const float* a, Index a_stride, const float* b, Index panel_stride,
                   bool accumulate, float* c, Index c_stride) {
  __m256 sum[R][2 * P];
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int j = 0; j < 2 * P; ++j) sum[r][j] = _mm256_setzero_ps();
  for (Index k = 0; k < count; ++k) {
    __m256 row[2 * P];
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) {
      row[2 * p] = _mm256_load_ps(b + p * panel_stride + k * kPanelColumns);
      row[2 * p + 1] = _mm256_load_ps(b + p * panel_stride + k * kPanelColumns + kVector);
    }
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      const __m256 x = _mm256_broadcast_ss(a + r * a_stride + k);
#pragma GCC unroll 8
      for (int j = 0; j < 2 * P; ++j) sum[r][j] = _mm256_fmadd_ps(x, row[j], sum[r][j]);
    }
  }
  // The last panel may be wider than C: it goes through a copy.
  alignas(32) float edge[R][P * kPanelColumns] = {};
  const bool whole = columns == P * kPanelColumns;
  if (accumulate && !whole)
    for (int r = 0; r < R; ++r) std::copy_n(c + r * c_stride, columns, edge[r]);
  float* const out = whole ? c : edge[0];
  const Index out_stride = whole ? c_stride : P * kPanelColumns;
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int j = 0; j < 2 * P; ++j) {
      float* const to = out + r * out_stride + j * kVector;
      _mm256_storeu_ps(to, accumulate ? _mm256_add_ps(_mm256_loadu_ps(to), sum[r][j]) : sum[r][j]);
    }
  if (!whole)
    for (int r = 0; r < R; ++r) std::copy_n(edge[r], columns, c + r * c_stride);
}

using Tile = void (*)(Index, Index, const float*, Index, const float*, Index, bool, float*, Index);

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

/// One stripe of C below one panel or several, from `count` rows of B.
void multiply_stripe(Index rows, Index count, Index columns, const float* a, Index a_stride, const float* b,
                     Index panel_stride, bool accumulate, float* c, Index c_stride, bool several) {
  for (Index i = 0; i < rows;) {
    // Tiles of nearly equal height.
    const Index left = rows - i, tiles = (left + kMaxTileRows - 1) / kMaxTileRows, height = (left + tiles - 1) / tiles;
    const TileKind& kind = kTiles[height];
    (several ? kind.several : kind.one)(count, columns, a + i * a_stride, a_stride, b, panel_stride, accumulate,
                                        c + i * c_stride, c_stride);
    i += height;
  }
}

void multiply(Index rows, Index inner, Index cols, const float* a, Index a_stride, const float* panels, bool accumulate,
              float* c, Index c_stride) {
  const Index together = rows > 0 && rows <= 3 ? kTiles[rows].panels : 1, panel_stride = inner * kPanelColumns;
  for (Index j = 0; j < cols;) {
    const bool several = cols - j > (together - 1) * kPanelColumns && together > 1;
    const Index width = (several ? together : 1) * kPanelColumns, columns = std::min(width, cols - j);
    for (Index k = 0; k == 0 || k < inner; k += kPanelSumRows)
      multiply_stripe(rows, std::min(kPanelSumRows, inner - k), columns, a + k, a_stride,
                      panels + j * inner + k * kPanelColumns, panel_stride, accumulate || k > 0, c + j, c_stride,
                      several);
    j += width;
  }
}

/// An 8 x 8 transpose in registers.
void transpose_8(const float* from, Index stride, float* to, Index to_stride) {
  __m256 r[8], t[8];
  for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(from + i * stride);
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xEE);
    r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
  }
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

void pack_columns(Index inner, Index columns, const float* bt, Index stride, float* panel) {
  const Index whole = columns == kPanelColumns ? inner / kVector * kVector : 0;
  for (Index k = 0; k < whole; k += kVector)
    for (Index j = 0; j < kPanelColumns; j += kVector)
      transpose_8(bt + j * stride + k, stride, panel + k * kPanelColumns + j, kPanelColumns);
  for (Index k = whole; k < inner; ++k)
    for (Index j = 0; j < kPanelColumns; ++j) panel[k * kPanelColumns + j] = j < columns ? bt[j * stride + k] : 0.0f;
}

void transpose(Index rows, Index columns, const float* a, Index a_stride, float* at, Index at_stride) {
  const Index whole_rows = rows / kVector * kVector, whole_columns = columns / kVector * kVector;
  for (Index i = 0; i < whole_rows; i += kVector) {
    for (Index j = 0; j < whole_columns; j += kVector)
      transpose_8(a + i * a_stride + j, a_stride, at + j * at_stride + i, at_stride);
    for (Index j = whole_columns; j < columns; ++j)
      for (Index k = i; k < i + kVector; ++k) at[j * at_stride + k] = a[k * a_stride + j];
  }
  for (Index i = whole_rows; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) at[j * at_stride + i] = a[i * a_stride + j];
  for (Index j = 0; j < columns; ++j) std::fill(at + j * at_stride + rows, at + (j + 1) * at_stride, 0.0f);
}

}  // namespace

extern const PanelKernels kPanelKernelsAvx2;
const PanelKernels kPanelKernelsAvx2 = {
    .name = "avx2", .multiply = multiply, .pack_columns = pack_columns, .transpose = transpose};

}  // namespace moelm
