// What this machine can do at best, measured now: the figures that all others are divided by.
#pragma once

#include <span>

#include "bench/measure.hpp"

namespace moelm {

struct Ceilings {
  double gemm_f32_gflops = 0;   ///< the best rate over all matrix products of this run
  double gemm_bf16_gflops = 0;  ///< the same of those that read bfloat16
  double gemm_gflops(const std::string& dtype) const {
    return dtype == data_type_name(DataType::bf16) ? gemm_bf16_gflops : gemm_f32_gflops;
  }

  double memory_read_gb_s = 0;  ///< all threads summing a buffer much larger than the caches
};

double measure_memory_read(Context& context);

/// The best of the given products of that type.
double best_gflops(std::span<const BenchResult> results, DataType type);

}  // namespace moelm
