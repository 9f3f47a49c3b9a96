// Cases, settings and results of the benchmark, and timing for shared machines: the median of repetitions after a
// warm-up.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/index.hpp"

namespace moelm {

/// How cases are run. With `tiny`, tests run all of them in a moment.
struct BenchSetting {
  bool tiny = false;   ///< few rows and units, one call each
  bool spoil = false;  ///< spoil a compared number, which every case must refuse

  /// A size, or in a tiny setting a 64th of it, but at least 4 unless it is smaller itself.
  Index size(Index meant) const;

  /// Median seconds of `call` after one warm-up: at least `min_runs` timed calls and at least `seconds` of them. Calls
  /// `prepare` before each call, untimed.
  double median_seconds(const std::function<void()>& prepare, const std::function<void()>& call, double seconds = 0.2,
                        int min_runs = 5) const;
  double median_seconds(const std::function<void()>& call, double seconds = 0.2, int min_runs = 5) const {
    return median_seconds([] {}, call, seconds, min_runs);
  }
};

/// How evenly an MoE layer used its experts in a measured step.
struct BenchLayer {
  std::size_t layer = 0;
  Index experts = 0;
  double max_over_mean_tokens = 0;
};

/// A finished measurement. `flops` counts what the mathematics needs, 2 per multiply-add; `bytes` counts necessary
/// memory traffic; 0 where one does not apply. A result with flops is compared with the products of its type, one with
/// bytes alone with memory, one with both also with the roofline: the time of both one after the other.
struct BenchResult {
  std::string name;
  std::string dtype = "f32";
  double seconds = 0;  ///< median of one call
  double tokens = 0;   ///< per call, 0 where it does not apply
  double flops = 0;
  double bytes = 0;
  std::string part = {};  ///< of the report
  std::vector<BenchLayer> layers = {};

  double gflops() const { return flops / seconds / 1e9; }
  double gb_s() const { return bytes / seconds / 1e9; }
  double tokens_per_s() const { return tokens / seconds; }
};

/// Which runs of the program include a case.
enum class BenchChoice {
  standard,  ///< of the standard set
  extra,     ///< where a pattern names it
  by_name    ///< only by its full name: takes minutes or most of the memory
};

/// Something to measure. `run` first checks the result against a plain computation and throws std::logic_error for a
/// wrong one: a fast wrong answer is not a measurement.
struct BenchCase {
  std::string part;  ///< of the report: "products", "LSTM", ...
  std::string name;
  std::function<BenchResult(Context&)> run;
  BenchChoice choice = BenchChoice::extra;
  bool single_type = false;  ///< independent of the type of products: f32 only
  Index memory = 0;          ///< bytes at the peak if that is much, else 0
};

/// An empty result with the names of the case and the type of the context.
inline BenchResult begin_result(const std::string& part, const std::string& name, const Context& context) {
  BenchResult result{name, data_type_name(context.products())};
  result.part = part;
  return result;
}

}  // namespace moelm
