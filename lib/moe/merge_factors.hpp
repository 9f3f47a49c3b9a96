// Merges the factors that several passes of a step left for the gradients of the experts.
#pragma once

#include <vector>

#include "base/context.hpp"
#include "moe/experts.hpp"

namespace moelm {

/// One pass: its factors, and how many of an expert's rows came from each source, [sources][experts].
struct PassFactors {
  const ExpertFactors* factors = nullptr;
  std::vector<Index> counts;
};

/// Sorts the rows of all passes by expert, then source, then pass. The sources are the ranks, and a rank passes its
/// lanes in order. So the rows of an expert are in the order of the lanes, as after a single pass over all lanes.
ExpertFactors merge_factors(Context& context, const std::vector<PassFactors>& passes, Index sources);

}  // namespace moelm
