// moe-train over several ranks: the number of lanes, and the followers.
#pragma once

#include "config/train_config.hpp"
#include "dist/communicator.hpp"

namespace moelm {

/// The lanes of a new run without train.lanes: the smallest power of two that is at least the number of ranks; but no
/// more than there are streams.
Index lanes_for(const TrainConfig& config, int ranks);

/// Error(bad_config) unless every rank gets a lane.
void require_lanes(const RunConfig& config, const Communicator& ranks);

/// For followers: takes part in the training until the leader ends it. Returns the leader's exit code.
int follow_leader(Communicator& ranks);

}  // namespace moelm
