// Predicted costs of steps over ranks, for people and for scripts.
#pragma once

#include <string>
#include <vector>

#include "io/json.hpp"
#include "scale/rank_costs.hpp"

namespace moelm {

/// A line for each number of ranks: where the time of a step goes, and what limits it.
std::string costs_table(const std::vector<RankCosts>& costs);
Json costs_json(const std::vector<RankCosts>& costs);

}  // namespace moelm
