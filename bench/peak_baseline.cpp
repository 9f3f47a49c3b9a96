#include "bench/peak.hpp"

namespace moelm {

namespace {

constexpr int kChains = 12, kLanes = 4;

float run(Index rounds, float factor, float summand) {
  // Vectors of the compiler: what every processor of its kind has, and multiply-adds where it has them.
  typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));
  const Vector a = {factor, factor, factor, factor}, b = {summand, summand, summand, summand};
  Vector chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = a * static_cast<float>(i);
  for (Index round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chain[i] = chain[i] * a + b;
  }
  Vector sum = chain[0];
  for (int i = 1; i < kChains; ++i) sum += chain[i];
  float total = 0;
  for (int lane = 0; lane < kLanes; ++lane) total += sum[lane];
  return total;
}

}  // namespace

extern const PeakKernel kPeakBaseline;
const PeakKernel kPeakBaseline = {"baseline", 2.0 * kLanes* kChains, run};

}  // namespace moelm
