// Everything here moves 16 rows of 16 lanes at a time and transposes them in registers. A lane is a single-precision
// number, or two bfloat16 numbers that products read together.
#include <immintrin.h>

#include "ops/pack_kernels.hpp"

namespace moelm {

namespace {

constexpr Index kLanes = 16;

__mmask16 lanes(Index n) { return static_cast<__mmask16>(n >= kLanes ? 0xffffu : n <= 0 ? 0u : (1u << n) - 1u); }

/// The bits of x rounded to bfloat16, in the upper half of each lane; the lower half is unspecified.
__m512i rounded(__m512 x) {
  const __m512i bits = _mm512_castps_si512(x);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  return _mm512_mask_or_epi32(up, nan, bits, _mm512_set1_epi32(0x400000));
}

/// Lanes (low, high) of bfloat16 numbers.
__m512i pairs(__m512 low, __m512 high) {
  const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
  return _mm512_or_si512(_mm512_srli_epi32(rounded(low), 16), _mm512_and_si512(rounded(high), upper));
}

__m256i narrow(__m512 x) { return _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded(x), 16)); }

/// r[i] lane j becomes r[j] lane i.
void transpose(__m512i (&r)[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

/// 16 rows of 16 lanes from a row-major matrix; what is beyond `rows` and `columns` is 0.
void load(Index rows, Index columns, const float* a, Index stride, __m512i (&r)[16]) {
  const __mmask16 mask = lanes(columns);
  for (Index i = 0; i < kLanes; ++i)
    r[i] = i < rows ? _mm512_maskz_loadu_epi32(mask, a + i * stride) : _mm512_setzero_si512();
}

/// Lane j holds elements (i, j) and (i + 1, j); of a matrix with `rows` rows from row i on.
__m512i load_pair_of_rows(Index rows, __mmask16 columns, const float* a, Index stride) {
  const __m512 first = rows > 0 ? _mm512_maskz_loadu_ps(columns, a) : _mm512_setzero_ps();
  return pairs(first, rows > 1 ? _mm512_maskz_loadu_ps(columns, a + stride) : _mm512_setzero_ps());
}

void round(Index n, const float* x, Bf16* y) {
  for (Index i = 0; i < n; i += kLanes) {
    const __mmask16 mask = lanes(n - i);
    _mm256_mask_storeu_epi16(y + i, mask, narrow(_mm512_maskz_loadu_ps(mask, x + i)));
  }
}

void round_wide(Index n, const float* x, float* y) {
  const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
  for (Index i = 0; i < n; i += kLanes) {
    const __mmask16 mask = lanes(n - i);
    const __m512i bits = _mm512_and_si512(rounded(_mm512_maskz_loadu_ps(mask, x + i)), upper);
    _mm512_mask_storeu_epi32(y + i, mask, bits);
  }
}

__m512i load_rounded(bool some, __mmask16 columns, const Bf16* a) {
  return some ? _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(columns, a)) : _mm512_setzero_si512();
}

/// Rows of memory that are read from one end to the other before they are transposed: only then does the hardware fetch
/// ahead.
constexpr Index kStagedColumns = 1024;

void block_f32(Index rows, Index columns, const float* bt, Index stride, float* block) {
  alignas(64) float staged[kLanes * kStagedColumns];
  const Index padded = padded_rows(rows, kBlockRowsF32);
  for (Index first = 0; first < padded; first += kStagedColumns)
    for (Index j = 0; j < kBlockColumns; j += kLanes) {
      const Index wide = padded - first < kStagedColumns ? padded - first : kStagedColumns;
      for (Index p = 0; p < kLanes; ++p)
        for (Index i = 0; i < wide; i += kLanes)
          _mm512_store_ps(staged + p * wide + i,
                          j + p < columns
                              ? _mm512_maskz_loadu_ps(lanes(rows - first - i), bt + (j + p) * stride + first + i)
                              : _mm512_setzero_ps());
      for (Index i = 0; i < wide; i += kLanes) {
        __m512i r[16];
        for (Index p = 0; p < kLanes; ++p) r[p] = _mm512_load_si512(staged + p * wide + i);
        transpose(r);
        for (Index p = 0; p < kLanes; ++p) _mm512_storeu_si512(block + (first + i + p) * kBlockColumns + j, r[p]);
      }
    }
}

/// Columns of a block in bfloat16 from 16 rows of its transpose that lie side by side, `wide` numbers each.
void transpose_staged(const Bf16* staged, Index wide, Bf16* columns) {
  for (Index i = 0; i < wide; i += 2 * kLanes) {
    __m512i r[16];
    for (Index p = 0; p < kLanes; ++p) r[p] = _mm512_loadu_si512(staged + p * wide + i);
    transpose(r);
    for (Index p = 0; p < kLanes; ++p) _mm512_storeu_si512(columns + (i + 2 * p) * kBlockColumns, r[p]);
  }
}

/// A block from rows of its transpose: load(row, place, mask) reads 16 of their numbers, rounded.
template <class Load>
void block_of_staged(Index rows, Index columns, const Load& load, Bf16* block) {
  alignas(64) Bf16 staged[kLanes * kStagedColumns];
  const Index padded = padded_rows(rows, kBlockRowsBf16);
  for (Index first = 0; first < padded; first += kStagedColumns)
    for (Index j = 0; j < kBlockColumns; j += kLanes) {
      const Index wide = padded - first < kStagedColumns ? padded - first : kStagedColumns;
      for (Index p = 0; p < kLanes; ++p)
        for (Index i = 0; i < wide; i += kLanes)
          _mm256_store_si256(
              reinterpret_cast<__m256i*>(staged + p * wide + i),
              j + p < columns ? load(j + p, first + i, lanes(rows - first - i)) : _mm256_setzero_si256());
      transpose_staged(staged, wide, block + first * kBlockColumns + 2 * j);
    }
}

void block_bf16(Index rows, Index columns, const float* bt, Index stride, Bf16* block) {
  const auto load = [=](Index row, Index place, __mmask16 mask) {
    return narrow(_mm512_maskz_loadu_ps(mask, bt + row * stride + place));
  };
  block_of_staged(rows, columns, load, block);
}

void rows_f32(Index rows, Index padded, Index columns, const float* b, Index stride, float* image, Index block_size) {
  for (Index i = 0; i < padded; ++i)
    for (Index j = 0; j < padded_rows(columns, kBlockColumns); j += kLanes)
      _mm512_storeu_ps(image + j / kBlockColumns * block_size + i * kBlockColumns + j % kBlockColumns,
                       i < rows ? _mm512_maskz_loadu_ps(lanes(columns - j), b + i * stride + j) : _mm512_setzero_ps());
}

void rows_bf16(Index rows, Index padded, Index columns, const float* b, Index stride, Bf16* image, Index block_size) {
  for (Index i = 0; i < padded; i += 2)
    for (Index j = 0; j < padded_rows(columns, kBlockColumns); j += kLanes)
      _mm512_storeu_si512(image + j / kBlockColumns * block_size + i * kBlockColumns + 2 * (j % kBlockColumns),
                          load_pair_of_rows(rows - i, lanes(columns - j), b + i * stride + j, stride));
}

void widen(Index n, const Bf16* x, float* y) {
  for (Index i = 0; i < n; i += kLanes)
    _mm512_mask_storeu_epi32(y + i, lanes(n - i), _mm512_slli_epi32(load_rounded(true, lanes(n - i), x + i), 16));
}

bool round_stochastic(Index n, std::uint32_t key, const float* x, Bf16* y) {
  __mmask16 bad = 0;
  const __m512i count = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  for (Index i = 0; i < n; i += kLanes) {
    const __mmask16 mask = lanes(n - i);
    const __m512 value = _mm512_maskz_loadu_ps(mask, x + i);
    const __m512i position = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(i)), count);
    __m512i h = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(key)),
                                 _mm512_mullo_epi32(position, _mm512_set1_epi32(static_cast<int>(0x9E3779B9u))));
    h = _mm512_mullo_epi32(_mm512_xor_si512(h, _mm512_srli_epi32(h, 16)), _mm512_set1_epi32(0x7FEB352D));
    h = _mm512_mullo_epi32(_mm512_xor_si512(h, _mm512_srli_epi32(h, 15)),
                           _mm512_set1_epi32(static_cast<int>(0x846CA68Bu)));
    h = _mm512_xor_si512(h, _mm512_srli_epi32(h, 16));
    const __m512i bits = _mm512_castps_si512(value), exponent = _mm512_set1_epi32(0x7f800000);
    const __mmask16 finite = _mm512_cmpneq_epi32_mask(_mm512_and_si512(bits, exponent), exponent);
    const __m512i out = _mm512_mask_add_epi32(rounded(value), finite, bits, _mm512_srli_epi32(h, 16));
    bad |= _mm512_cmpeq_epi32_mask(_mm512_and_si512(out, exponent), exponent);
    _mm256_mask_storeu_epi16(y + i, mask, _mm512_cvtepi32_epi16(_mm512_srli_epi32(out, 16)));
  }
  return bad == 0;
}

void block_rounded(Index rows, Index columns, const Bf16* bt, Index stride, Bf16* block) {
  const auto load = [=](Index row, Index place, __mmask16 mask) {
    return _mm256_maskz_loadu_epi16(mask, bt + row * stride + place);
  };
  block_of_staged(rows, columns, load, block);
}

void rows_rounded(Index rows, Index padded, Index columns, const Bf16* b, Index stride, Bf16* image, Index block_size) {
  for (Index i = 0; i < padded; i += 2)
    for (Index j = 0; j < padded_rows(columns, kBlockColumns); j += kLanes) {
      const Bf16* from = b + i * stride + j;
      const __m512i high = load_rounded(i + 1 < rows, lanes(columns - j), from + stride);
      _mm512_storeu_si512(
          image + j / kBlockColumns * block_size + i * kBlockColumns + 2 * (j % kBlockColumns),
          _mm512_or_si512(load_rounded(i < rows, lanes(columns - j), from), _mm512_slli_epi32(high, 16)));
    }
}

void transpose_f32(Index rows, Index columns, const float* a, Index a_stride, float* at, Index at_stride) {
  for (Index i = 0; i < at_stride; i += kLanes)
    for (Index j = 0; j < columns; j += kLanes) {
      __m512i r[16];
      load(rows - i, columns - j, a + i * a_stride + j, a_stride, r);
      transpose(r);
      const __mmask16 mask = lanes(at_stride - i);
      for (Index p = 0; p < kLanes && j + p < columns; ++p)
        _mm512_mask_storeu_epi32(at + (j + p) * at_stride + i, mask, r[p]);
    }
}

/// Stores 16 rows of `at`, 32 columns from column i on.
void store_pairs(const __m512i (&r)[16], Index rows, Index left, Bf16* at, Index at_stride) {
  const auto mask = static_cast<__mmask32>(left >= 32 ? 0xffffffffu : (1u << left) - 1u);
  for (Index p = 0; p < kLanes && p < rows; ++p) _mm512_mask_storeu_epi16(at + p * at_stride, mask, r[p]);
}

void transpose_bf16(Index rows, Index columns, const float* a, Index a_stride, Bf16* at, Index at_stride) {
  for (Index i = 0; i < at_stride; i += 2 * kLanes)
    for (Index j = 0; j < columns; j += kLanes) {
      __m512i r[16];
      for (Index p = 0; p < kLanes; ++p)
        r[p] = load_pair_of_rows(rows - i - 2 * p, lanes(columns - j), a + (i + 2 * p) * a_stride + j, a_stride);
      transpose(r);
      store_pairs(r, columns - j, at_stride - i, at + j * at_stride + i, at_stride);
    }
}

void transpose_rounded(Index rows, Index columns, const Bf16* a, Index a_stride, Bf16* at, Index at_stride) {
  for (Index i = 0; i < at_stride; i += 2 * kLanes)
    for (Index j = 0; j < columns; j += kLanes) {
      __m512i r[16];
      for (Index p = 0; p < kLanes; ++p) {
        const Index row = i + 2 * p;
        const Bf16* from = a + row * a_stride + j;
        const __m512i high = load_rounded(row + 1 < rows, lanes(columns - j), from + a_stride);
        r[p] = _mm512_or_si512(load_rounded(row < rows, lanes(columns - j), from), _mm512_slli_epi32(high, 16));
      }
      transpose(r);
      store_pairs(r, columns - j, at_stride - i, at + j * at_stride + i, at_stride);
    }
}

float sum_bf16(Index n, const Bf16* x) {
  __m512 sum = _mm512_setzero_ps();
  for (Index i = 0; i < n; i += kLanes)
    sum = _mm512_add_ps(sum, _mm512_castsi512_ps(_mm512_slli_epi32(load_rounded(true, lanes(n - i), x + i), 16)));
  return _mm512_reduce_add_ps(sum);
}

}  // namespace

extern const PackKernels kPackKernels_avx512;
const PackKernels kPackKernels_avx512 = {.name = "avx512",
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

}  // namespace moelm
