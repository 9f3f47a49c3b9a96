#include "bench/peak.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/stopwatch.hpp"
#include "ops/gemm.hpp"
#include "ops/kernels.hpp"

namespace moelm {

extern const PeakKernel kPeakBaseline;
#ifdef MOELM_X86_PEAKS
extern const PeakKernel kPeakAvx2;
extern const PeakKernel kPeakAvx512;
extern const PeakKernel kPeakAvx512Bf16;
#endif

const PeakKernel& peak_kernel_f32() {
#ifdef MOELM_X86_PEAKS
  const std::string_view chosen = kernels().name;
  if (chosen == "avx512") return kPeakAvx512;
  if (chosen == "avx2") return kPeakAvx2;
#endif
  return kPeakBaseline;
}

const PeakKernel* peak_kernel_bf16() {
#ifdef MOELM_X86_PEAKS
  __builtin_cpu_init();
  if (native_bf16() && std::string_view(kernels().name) == "avx512" && __builtin_cpu_supports("avx512bf16"))
    return &kPeakAvx512Bf16;
#endif
  return nullptr;
}

double measure_peak(Context& context, const PeakKernel& kernel) {
  constexpr Index kRounds = 200000;  // about a millisecond
  constexpr int kRuns = 100;
  constexpr double kMinSeconds = 1e-9;  // where the clock went back nothing is known, but no speed is infinite
  std::vector<float> results(context.threads());
  double best = 1e9;
  for (int i = 0; i < kRuns; ++i) {
    Stopwatch watch;
    // Multiply-adds go to 1 / (1 - 0.5) and stay there, dot products grow by halves: neither infinite nor denormal.
    context.parallel_for(context.threads(), [&](Index thread) { results[thread] = kernel.run(kRounds, 0.5f, 1.0f); });
    best = std::min(best, std::max(watch.seconds(), kMinSeconds));
  }
  return kernel.flops * static_cast<double>(kRounds) * context.threads() / best / 1e9;
}

}  // namespace moelm
