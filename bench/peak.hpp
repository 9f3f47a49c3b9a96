// What the arithmetic units do at best: chains of multiply-adds that never leave the registers. No product of matrices
// can be faster, so a measured ceiling that is far below says that something disturbed the measurement.
#pragma once

#include "base/context.hpp"
#include "base/index.hpp"

namespace moelm {

/// A loop over independent accumulators, all in registers. `rounds` rounds of `flops` operations each (2 a
/// multiply-add); what it returns keeps the compiler from leaving it out.
struct PeakKernel {
  const char* name;
  double flops;
  float (*run)(Index rounds, float factor, float summand);
};

/// The kernel of single precision for the instruction set that kernels() chose.
const PeakKernel& peak_kernel_f32();

/// The kernel of bfloat16 dot products, or null where this processor or the instruction set chosen has none.
const PeakKernel* peak_kernel_bf16();

/// GFLOP/s of all threads together, the best of several short runs: what disturbs only makes them slower.
double measure_peak(Context& context, const PeakKernel& kernel);

}  // namespace moelm
