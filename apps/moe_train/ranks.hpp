// moe-train over several ranks: their lanes, and the ranks that follow.
#pragma once

#include "config/train_config.hpp"
#include "dist/communicator.hpp"

namespace moelm {

/// Lanes of a new run on so many ranks, unless they are given: the smallest power of two that is not less.
Index lanes_for(int ranks);

/// Error(bad_config) unless every rank gets a lane.
void require_lanes(const RunConfig& config, const Communicator& ranks);

/// For the others: takes part until the leader ends. Returns the leader's exit code.
int follow_leader(Communicator& ranks);

}  // namespace moelm
