// Losses and sums of the routing, summed over the lanes of all ranks.
#pragma once

#include <vector>

#include "dist/lane_tree.hpp"
#include "moe/routing.hpp"

namespace moelm {

/// left += right, layer by layer. The sums of a lane without rows may be empty.
void add_layers(std::vector<RoutingSums>& left, const std::vector<RoutingSums>& right);

/// The sum over the lanes of all ranks. `own` has the lanes of this rank. All ranks call it and get the same result.
std::vector<RoutingSums> sum_of_lanes(Communicator& ranks, LaneSum<std::vector<RoutingSums>>& own, Index lanes);
double sum_of_lanes(Communicator& ranks, LaneSum<double>& own, Index lanes);

}  // namespace moelm
