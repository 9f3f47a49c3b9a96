// What a step over ranks consists of, in the order in which lib/training/learner_lanes.cpp does it: work between
// messages, and messages with their bytes. It is the one list behind all predictions; tests compare its bytes with
// those that are really sent.
#pragma once

#include <vector>

#include "config/train_config.hpp"
#include "scale/step_phase.hpp"

namespace moelm {

/// The parts of a step, of one rank without messages.
std::vector<StepPhase> step_phases(const RunConfig& config, const StepShape& shape);

}  // namespace moelm
