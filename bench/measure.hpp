// Measuring one thing: how large it is, how long it is repeated, what was found out. Timing that can be trusted on a
// shared machine: repetitions after a warm-up, the median of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/index.hpp"

namespace moelm {

/// How cases are run. Tests run all of them in a moment.
struct BenchSetting {
  bool tiny = false;   ///< sizes of a few rows and units, and one call each
  bool spoil = false;  ///< a wrong number in whatever is compared with a reference: every case has to refuse it

  /// A size as it is meant, or a 64th of it, at least 4 where it is not smaller by itself.
  Index size(Index meant) const;

  /// Median seconds of `call`: one warm-up, then at least `least` timed calls and at least `seconds` of them. `prepare`
  /// goes before each call and is not timed.
  double median_seconds(const std::function<void()>& prepare, const std::function<void()>& call, double seconds = 0.2,
                        int least = 5) const;
  double median_seconds(const std::function<void()>& call, double seconds = 0.2, int least = 5) const {
    return median_seconds([] {}, call, seconds, least);
  }
};

/// How evenly an MoE layer of a measured step used its experts.
struct BenchLayer {
  std::size_t layer = 0;
  Index experts = 0;
  double max_over_mean_tokens = 0;
};

/// A finished measurement. `flops` counts what the mathematics needs, 2 a multiply-add, and `bytes` what has to come
/// from and go to memory; 0 where it does not apply. What has flops is measured against the products of its type, what
/// has only bytes against memory, and what has both also against the time of both one after the other (the roofline).
struct BenchResult {
  std::string name;
  std::string dtype = "f32";
  double seconds = 0;  ///< median of one call
  double tokens = 0;   ///< handled by one call, 0 where it does not apply
  double flops = 0;
  double bytes = 0;
  std::string part = {};  ///< of the report
  std::vector<BenchLayer> layers = {};

  double gflops() const { return flops / seconds / 1e9; }
  double gb_s() const { return bytes / seconds / 1e9; }
  double tokens_per_s() const { return tokens / seconds; }
};

/// Which runs of the program a case is part of.
enum class BenchChoice {
  standard,  ///< of the standard set
  extra,     ///< where a pattern names it
  by_name    ///< only where its full name is given: what takes minutes or most of the memory
};

/// Something that can be measured. `run` first checks the result against a plain computation and throws
/// std::logic_error where it is wrong: a fast wrong answer is not a measurement.
struct BenchCase {
  std::string part;  ///< of the report: "products", "LSTM", ...
  std::string name;
  std::function<BenchResult(Context&)> run;
  BenchChoice choice = BenchChoice::extra;
  bool single_type = false;  ///< nothing in it depends on what products read: f32 only
  Index memory = 0;          ///< bytes at the peak where that is much, else 0
};

/// A result to be filled, with the names of the case and the type of the context.
inline BenchResult begin_result(const std::string& part, const std::string& name, const Context& context) {
  BenchResult result{name, data_type_name(context.products())};
  result.part = part;
  return result;
}

}  // namespace moelm
