// Percentile bootstrap (Efron and Tibshirani 1993, chapter 13) of a paired difference: blocks of text are resampled,
// and seeds where there are several.
#pragma once

#include <cstdint>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Of one block of text: the sum of the differences of its units, and their weight. A unit is a token or a line.
struct BlockSum {
  double difference = 0;  ///< nats
  double weight = 0;
};

struct BootstrapOptions {
  Index resamples = 10'000;
  double level = 0.95;
  std::uint64_t seed = 1;
};

/// A difference per unit of weight. Error and interval are NaN where there are fewer than two blocks with weight.
struct BootstrapResult {
  double mean = 0;            ///< of all blocks; over several seeds the mean of theirs
  double standard_error = 0;  ///< standard deviation of the resampled means
  double low = 0, high = 0;   ///< of the interval
};

/// `sums[s][b]` is block b under seed s; a block has the same weight under every seed. Each resample draws as many
/// blocks as there are, with replacement, and so it draws seeds. All its seeds are read on the same blocks, because
/// blocks that are hard for one seed are hard for the others: drawing blocks anew for each seed would make the interval
/// too narrow. A resample without weight is left out. The draws are a function of options.seed alone. REQUIRES a seed.
/// Thread-safe.
BootstrapResult paired_bootstrap(const std::vector<std::vector<BlockSum>>& sums, const BootstrapOptions& options = {});

}  // namespace moelm
