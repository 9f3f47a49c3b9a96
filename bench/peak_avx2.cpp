#include <immintrin.h>

#include "bench/peak.hpp"

namespace moelm {

namespace {

constexpr int kChains = 12;  // with both operands 14 of the 16 registers

float run(Index rounds, float factor, float summand) {
  const __m256 a = _mm256_set1_ps(factor), b = _mm256_set1_ps(summand);
  __m256 chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = _mm256_set1_ps(static_cast<float>(i));
  for (Index round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chain[i] = _mm256_fmadd_ps(chain[i], a, b);
  }
  __m256 sum = chain[0];
  for (int i = 1; i < kChains; ++i) sum = _mm256_add_ps(sum, chain[i]);
  float lanes[8];
  _mm256_storeu_ps(lanes, sum);
  float total = 0;
  for (const float lane : lanes) total += lane;
  return total;
}

}  // namespace

extern const PeakKernel kPeakAvx2;
const PeakKernel kPeakAvx2 = {"avx2 fma", 2.0 * 8 * kChains, run};

}  // namespace moelm
