// Kernels that bring matrices into the order in which products read them: rounded, transposed, in blocks. The blocks
// are oneDNN's BA16a64b and BA16a64b2a: 64 columns of B side by side, in bfloat16 two rows of B interleaved.
#pragma once

#include "base/index.hpp"
#include "ops/bf16.hpp"

namespace moelm {

inline constexpr Index kBlockColumns = 64;  ///< columns of B in a block
inline constexpr Index kBlockRowsF32 = 16, kBlockRowsBf16 = 32;

/// `rows` rounded up to a multiple of `block`. The added rows are zeros.
constexpr Index padded_rows(Index rows, Index block) { return (rows + block - 1) / block * block; }

/// `key` shifted by i positions: position_bits(position_key(key, i), 0) == position_bits(key, i).
constexpr std::uint32_t position_key(std::uint32_t key, std::uint32_t i) { return key + i * 0x9E3779B9u; }

/// 32 random bits of position i under a key: a finaliser that spreads every bit of its argument (lowbias32).
constexpr std::uint32_t position_bits(std::uint32_t key, std::uint32_t i) {
  std::uint32_t h = position_key(key, i);
  h = (h ^ (h >> 16)) * 0x7FEB352Du;
  h = (h ^ (h >> 15)) * 0x846CA68Bu;
  return h ^ (h >> 16);
}

/// The kernels of one instruction set; all give the same bits.
struct PackKernels {
  const char* name;

  /// y = bf16(x).
  void (*round)(Index n, const float* x, Bf16* y);
  /// y = x rounded to bfloat16, kept in single precision. y may be x.
  void (*round_wide)(Index n, const float* x, float* y);
  /// y = x in single precision.
  void (*widen)(Index n, const Bf16* x, float* y);
  /// y = x rounded down or up to bfloat16, the nearer the likelier, so that the mean of many roundings is x. The random
  /// numbers follow from `key`. Returns whether all of y is finite.
  bool (*round_stochastic)(Index n, std::uint32_t key, const float* x, Bf16* y);
  /// One block of B from rows of its transpose bt [columns <= 64, rows]; block [padded rows / 16][16][64].
  void (*block_f32)(Index rows, Index columns, const float* bt, Index stride, float* block);
  /// The same rounded; block [padded rows / 32][16][64][2].
  void (*block_bf16)(Index rows, Index columns, const float* bt, Index stride, Bf16* block);
  /// Rows of B [rows, columns] into all its blocks, which are `block_size` numbers apart, followed by rows of zeros up
  /// to `padded`. `image` is where the first of these rows begins in the first block.
  void (*rows_f32)(Index rows, Index padded, Index columns, const float* b, Index stride, float* image,
                   Index block_size);
  /// The same rounded; `padded` is even.
  void (*rows_bf16)(Index rows, Index padded, Index columns, const float* b, Index stride, Bf16* image,
                    Index block_size);
  /// block_bf16 and rows_bf16 of numbers that are rounded already.
  void (*block_rounded)(Index rows, Index columns, const Bf16* bt, Index stride, Bf16* block);
  void (*rows_rounded)(Index rows, Index padded, Index columns, const Bf16* b, Index stride, Bf16* image,
                       Index block_size);
  /// at[j][i] = a[i][j]; a [rows, columns], at [columns, at_stride], at_stride >= rows; columns rows ... at_stride - 1
  /// of `at` become 0.
  void (*transpose_f32)(Index rows, Index columns, const float* a, Index a_stride, float* at, Index at_stride);
  /// The same rounded.
  void (*transpose_bf16)(Index rows, Index columns, const float* a, Index a_stride, Bf16* at, Index at_stride);
  /// The same of numbers that are rounded already.
  void (*transpose_rounded)(Index rows, Index columns, const Bf16* a, Index a_stride, Bf16* at, Index at_stride);
  /// Sum of x.
  float (*sum_bf16)(Index n, const Bf16* x);
};

/// The fastest that this processor runs; MOELM_MAX_ISA lowers the choice as it does for kernels().
const PackKernels& pack_kernels();

/// The plain loops that define the others.
const PackKernels& plain_pack_kernels();

}  // namespace moelm
