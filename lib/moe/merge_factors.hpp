// The factors of several passes of a step as those of one pass.
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

/// Sorts the rows of all passes by expert, then source, then pass. With the ranks as sources, each of which passed its
/// lanes in order, an expert's rows are then in the order of the lanes, as in a single pass over all of them.
ExpertFactors merge_factors(Context& context, const std::vector<PassFactors>& passes, Index sources);

}  // namespace moelm
