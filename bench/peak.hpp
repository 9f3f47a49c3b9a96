// The peak of the arithmetic units: chains of multiply-adds that never leave the registers. No matrix product can be
// faster, so a measured ceiling far below it was disturbed.
#pragma once

#include "base/context.hpp"
#include "base/index.hpp"

namespace moelm {

/// A loop over independent accumulators in registers: `rounds` rounds of `flops` operations each (2 per multiply-add).
/// The returned value keeps the compiler from removing the loop.
struct PeakKernel {
  const char* name;
  double flops;
  float (*run)(Index rounds, float factor, float summand);
};

/// The single-precision kernel for the instruction set that kernels() chose.
const PeakKernel& peak_kernel_f32();

/// The bfloat16 kernel, or null where the processor or the chosen instruction set has none.
const PeakKernel* peak_kernel_bf16();

/// GFLOP/s of all threads together: the best of several short runs, because disturbances only slow them down.
double measure_peak(Context& context, const PeakKernel& kernel);

}  // namespace moelm
