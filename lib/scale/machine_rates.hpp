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

/// The part of the speed of products alone that the products of a step reach with all that is between them.
/// docs/scale.md says how it was measured.
inline constexpr double kShareOfProducts = 0.5;

/// The rates of a rank of so many threads: GFLOP/s of the products of a step, two operations a multiply-add, and GB/s
/// of memory. What is not given is measured on this machine, in about 100 ms.
MachineRates rates_of(DataType products, int threads, std::optional<double> gflops = {},
                      std::optional<double> memory_gb = {});

}  // namespace moelm
