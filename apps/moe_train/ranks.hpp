// moe-train over several ranks: what the leader tells the others at the start, and the others.
#pragma once

#include <optional>

#include "config/train_config.hpp"
#include "dist/communicator.hpp"

namespace moelm {

/// Lanes of a new run on so many ranks, unless they are given: the smallest power of two that is not less.
Index lanes_for(int ranks);

/// Error(bad_config) unless every rank gets a lane.
void require_lanes(const RunConfig& config, const Communicator& ranks);

/// For the leader, before it makes its own part of the model. `threads`: those of every rank, if the user gave them.
void announce_training(Communicator& ranks, const RunConfig& config, Index vocabulary, std::optional<int> threads);

/// For the others: takes part until the leader ends. Returns the leader's exit code.
int follow_leader(Communicator& ranks);

}  // namespace moelm
