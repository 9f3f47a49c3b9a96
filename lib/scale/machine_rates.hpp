// How fast a rank's machine works, given or measured.
#pragma once

#include <optional>

#include "base/data_type.hpp"

namespace moelm {

/// What a machine does in a second.
struct MachineRates {
  double multiply_adds = 0;  ///< of a step's products and all that is between them, memory traffic of weights excepted
  double memory = 0;         ///< bytes
};

/// The part of the rate of products alone that the products of a step reach, with packing and all that is between them.
/// From docs/performance.md, "AVX2": steps of 4xLSTM-512, MoE-32 and MoE-256 made 113.9, 104.7 and 86.2 GFLOP/s on two
/// threads, where a product of 64 rows made 87.1 on one. Without the time that weights and moments take at 20 GB/s,
/// that is 0.67, 0.64 and 0.64.
inline constexpr double kShareOfProducts = 0.65;

/// The rates of a rank of so many threads: GFLOP/s of the products of a step, two operations a multiply-add, and GB/s
/// of memory. What is not given is measured on this machine, in about 100 ms.
MachineRates rates_of(DataType products, int threads, std::optional<double> gflops = {},
                      std::optional<double> memory_gb = {});

}  // namespace moelm
