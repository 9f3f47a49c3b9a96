// The ceilings of this machine, measured now: what all other figures are divided by.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/measure.hpp"

namespace moelm {

struct Ceilings {
  double gemm_f32_gflops = 0;              ///< the best rate over all matrix products of this run
  double gemm_bf16_gflops = 0;             ///< the same for products that read bfloat16
  double memory_read_gb_s = 0;             ///< all threads summing a buffer much larger than the caches
  double memory_copy_gb_s = 0;             ///< all threads copying one: bytes read and bytes written
  double peak_f32_gflops = 0;              ///< multiply-adds that never leave the registers, all threads
  std::optional<double> peak_bf16_gflops;  ///< the same for bfloat16 dot products, where the processor has them

  double gemm_gflops(const std::string& dtype) const {
    return dtype == data_type_name(DataType::bf16) ? gemm_bf16_gflops : gemm_f32_gflops;
  }

  /// Share of its ceiling that a measurement reaches: of the products of its type, or of memory reads.
  double fraction(const BenchResult& result) const;
  /// Seconds at both ceilings, products and memory one after the other without overlap.
  double roofline_seconds(const BenchResult& result) const;
  /// Types whose best product is below 95 % of the register-only peak, so that the ceiling is suspect.
  std::vector<std::string> suspect() const;
};

/// Measures all ceilings except those of products.
Ceilings measure_ceilings(Context& context);

/// The best rate of the given products of this type.
double best_gflops(std::span<const BenchResult> results, DataType type);

}  // namespace moelm
