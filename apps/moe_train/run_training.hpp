// Training as moe-train does it: a run's folder, the memory check, the run itself, and its result.
#pragma once

#include "base/stop_signal.hpp"
#include "moe_train/resolve.hpp"
#include "moe_train/size_report.hpp"
#include "moe_train/train_options.hpp"

namespace moelm {

/// Trains and prints the result; returns the exit code. Before the first step, unless forced: Error(out_of_memory)
/// where the memory foreseen is more than there is, Error(io) where the disk has no room for the checkpoints of a run.
/// `stop` ends the process until training begins, and asks from then on.
int run_training(const TrainOptions& options, const Command& command, const ResolvedRun& resolved,
                 const SizeReport& report, StopSignal& stop);

}  // namespace moelm
