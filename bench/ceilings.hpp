// What this machine can do at best, measured now: the figures that all others are divided by.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/measure.hpp"

namespace moelm {

struct Ceilings {
  double gemm_f32_gflops = 0;              ///< the best rate over all matrix products of this run
  double gemm_bf16_gflops = 0;             ///< the same of those that read bfloat16
  double memory_read_gb_s = 0;             ///< all threads summing a buffer much larger than the caches
  double memory_copy_gb_s = 0;             ///< all threads copying one: bytes read and bytes written
  double peak_f32_gflops = 0;              ///< multiply-adds that never leave the registers, all threads
  std::optional<double> peak_bf16_gflops;  ///< the same of bfloat16 dot products, where the processor has them

  double gemm_gflops(const std::string& dtype) const {
    return dtype == data_type_name(DataType::bf16) ? gemm_bf16_gflops : gemm_f32_gflops;
  }

  /// Part of its ceiling that a measurement reached: of the products of its type, or of memory reads.
  double fraction(const BenchResult& result) const;
  /// Seconds at both ceilings, products and memory one after the other: nothing overlaps.
  double roofline_seconds(const BenchResult& result) const;
  /// The types whose products stay below 95 % of what the registers allow: the ceiling may have been disturbed.
  std::vector<std::string> suspect() const;
};

/// Everything but the products.
Ceilings measure_ceilings(Context& context);

/// The best of the given products of that type.
double best_gflops(std::span<const BenchResult> results, DataType type);

}  // namespace moelm
