#include <immintrin.h>

#include <bit>

#include "bench/peak.hpp"

namespace moelm {

namespace {

constexpr int kChains = 16;

float run(Index rounds, float factor, float summand) {
  const auto a = std::bit_cast<__m512bh>(_mm512_set1_ps(factor)), b = std::bit_cast<__m512bh>(_mm512_set1_ps(summand));
  __m512 chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = _mm512_set1_ps(static_cast<float>(i));
  for (Index round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) chain[i] = _mm512_dpbf16_ps(chain[i], a, b);
  }
  __m512 sum = chain[0];
  for (int i = 1; i < kChains; ++i) sum = _mm512_add_ps(sum, chain[i]);
  float lanes[16];
  _mm512_storeu_ps(lanes, sum);
  float total = 0;
  for (const float lane : lanes) total += lane;
  return total;
}

}  // namespace

extern const PeakKernel kPeakAvx512Bf16;
const PeakKernel kPeakAvx512Bf16 = {"avx512 dpbf16", 4.0 * 16 * kChains, run};

}  // namespace moelm
