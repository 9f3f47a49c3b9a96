#include "ops/pack_kernels.hpp"

#include <algorithm>
#include <cstring>

#include "base/instruction_set.hpp"

namespace moelm {

#ifdef MOELM_X86_KERNELS
extern const PackKernels kPackKernels_avx512;
#endif

namespace {

void round(Index n, const float* x, Bf16* y) {
  for (Index i = 0; i < n; ++i) y[i] = to_bf16(x[i]);
}

void round_wide(Index n, const float* x, float* y) {
  for (Index i = 0; i < n; ++i) y[i] = round_to_bf16(x[i]);
}

void block_f32(Index rows, Index columns, const float* bt, Index stride, float* block) {
  std::fill_n(block, padded_rows(rows, kBlockRowsF32) * kBlockColumns, 0.0f);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) block[i * kBlockColumns + j] = bt[j * stride + i];
}

/// Place in a block of two interleaved rows.
Index interleaved(Index row, Index column) { return row / 2 * 2 * kBlockColumns + 2 * column + row % 2; }

void block_bf16(Index rows, Index columns, const float* bt, Index stride, Bf16* block) {
  std::fill_n(block, padded_rows(rows, kBlockRowsBf16) * kBlockColumns, Bf16{0});
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) block[interleaved(i, j)] = to_bf16(bt[j * stride + i]);
}

void rows_f32(Index rows, Index padded, Index columns, const float* b, Index stride, float* image, Index block_size) {
  for (Index i = 0; i < padded; ++i)
    for (Index j = 0; j < padded_rows(columns, kBlockColumns); ++j)
      image[j / kBlockColumns * block_size + i * kBlockColumns + j % kBlockColumns] =
          i < rows && j < columns ? b[i * stride + j] : 0.0f;
}

void rows_bf16(Index rows, Index padded, Index columns, const float* b, Index stride, Bf16* image, Index block_size) {
  for (Index i = 0; i < padded; ++i)
    for (Index j = 0; j < padded_rows(columns, kBlockColumns); ++j)
      image[j / kBlockColumns * block_size + interleaved(i, j % kBlockColumns)] =
          i < rows && j < columns ? to_bf16(b[i * stride + j]) : Bf16{0};
}

void widen(Index n, const Bf16* x, float* y) {
  for (Index i = 0; i < n; ++i) y[i] = from_bf16(x[i]);
}

bool round_stochastic(Index n, std::uint32_t key, const float* x, Bf16* y) {
  bool all_finite = true;
  for (Index i = 0; i < n; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    const bool finite = (bits & 0x7f800000u) != 0x7f800000u;
    y[i] = finite ? static_cast<Bf16>((bits + (position_bits(key, static_cast<std::uint32_t>(i)) >> 16)) >> 16)
                  : to_bf16(x[i]);
    all_finite = all_finite && (y[i] & 0x7f80u) != 0x7f80u;
  }
  return all_finite;
}

void block_rounded(Index rows, Index columns, const Bf16* bt, Index stride, Bf16* block) {
  std::fill_n(block, padded_rows(rows, kBlockRowsBf16) * kBlockColumns, Bf16{0});
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) block[interleaved(i, j)] = bt[j * stride + i];
}

void rows_rounded(Index rows, Index padded, Index columns, const Bf16* b, Index stride, Bf16* image, Index block_size) {
  for (Index i = 0; i < padded; ++i)
    for (Index j = 0; j < padded_rows(columns, kBlockColumns); ++j)
      image[j / kBlockColumns * block_size + interleaved(i, j % kBlockColumns)] =
          i < rows && j < columns ? b[i * stride + j] : Bf16{0};
}

void transpose_f32(Index rows, Index columns, const float* a, Index a_stride, float* at, Index at_stride) {
  std::fill_n(at, columns * at_stride, 0.0f);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) at[j * at_stride + i] = a[i * a_stride + j];
}

void transpose_bf16(Index rows, Index columns, const float* a, Index a_stride, Bf16* at, Index at_stride) {
  std::fill_n(at, columns * at_stride, Bf16{0});
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) at[j * at_stride + i] = to_bf16(a[i * a_stride + j]);
}

void transpose_rounded(Index rows, Index columns, const Bf16* a, Index a_stride, Bf16* at, Index at_stride) {
  std::fill_n(at, columns * at_stride, Bf16{0});
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) at[j * at_stride + i] = a[i * a_stride + j];
}

/// In 16 lanes that are added at the end, as the vector kernels do.
float sum_bf16(Index n, const Bf16* x) {
  float lanes[16] = {};
  for (Index i = 0; i < n; ++i) lanes[i % 16] += from_bf16(x[i]);
  for (int width = 8; width > 0; width /= 2)
    for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
  return lanes[0];
}

constexpr PackKernels kPlain = {.name = "plain",
                                .round = round,
                                .round_wide = round_wide,
                                .widen = widen,
                                .round_stochastic = round_stochastic,
                                .block_f32 = block_f32,
                                .block_bf16 = block_bf16,
                                .rows_f32 = rows_f32,
                                .rows_bf16 = rows_bf16,
                                .block_rounded = block_rounded,
                                .rows_rounded = rows_rounded,
                                .transpose_f32 = transpose_f32,
                                .transpose_bf16 = transpose_bf16,
                                .transpose_rounded = transpose_rounded,
                                .sum_bf16 = sum_bf16};

}  // namespace

const PackKernels& plain_pack_kernels() { return kPlain; }

const PackKernels& pack_kernels() {
#ifdef MOELM_X86_KERNELS
  if (chosen_instructions() >= InstructionSet::avx512) return kPackKernels_avx512;
#endif
  return kPlain;
}

}  // namespace moelm
