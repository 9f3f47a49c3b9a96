// What this machine can do at best, measured now: the figures that all others are divided by.
#pragma once

#include <span>

#include "bench/measure.hpp"

namespace moelm {

struct Ceilings {
  double gemm_f32_gflops = 0;   ///< the best rate over all matrix products of this run
  double memory_read_gb_s = 0;  ///< all threads summing a buffer much larger than the caches
};

double measure_memory_read(Context& context);

/// The best of the given products.
double best_gflops(std::span<const BenchResult> results);

}  // namespace moelm
