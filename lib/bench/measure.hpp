// Timing that can be trusted on a shared machine: repetitions after a warm-up, the median of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/index.hpp"

namespace moelm {

/// Median seconds of one call: one warm-up, then at least `least` timed calls and at least `seconds` of them.
double median_seconds(const std::function<void()>& call, int least = 5, double seconds = 0.2);

/// A finished measurement. `flops` counts what the mathematics needs, 2 a multiply-add; 0 where it does not apply.
struct BenchResult {
  std::string name;
  std::string dtype = "f32";
  double seconds = 0;  ///< median of one call
  double tokens = 0;   ///< handled by one call, 0 where it does not apply
  double flops = 0;

  double gflops() const { return flops / seconds / 1e9; }
  double tokens_per_s() const { return tokens / seconds; }
};

/// Something that can be measured. `run` first checks the result against the plain reference and throws
/// std::logic_error where it is wrong: a fast wrong answer is not a measurement.
struct BenchCase {
  std::string name;
  std::function<BenchResult(Context&)> run;
};

/// All cases, in the order of their presentation.
std::vector<BenchCase> gemm_cases();
std::vector<BenchCase> step_cases();

}  // namespace moelm
