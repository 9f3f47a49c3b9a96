// The predicted costs of a step over ranks, for --dry-run.
#pragma once

#include <string>
#include <vector>

#include "scale/rank_costs.hpp"

namespace moelm {

/// A line for each number of ranks, and what they say about the training.
std::string ranks_table(const std::vector<RankCosts>& costs, const Network& network);

}  // namespace moelm
