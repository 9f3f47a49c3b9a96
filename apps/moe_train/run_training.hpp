// Training by moe-train: checks of memory and disk, the run, and its result.
#pragma once

#include "base/stop_signal.hpp"
#include "dist/communicator.hpp"
#include "moe_train/resolve.hpp"
#include "moe_train/size_report.hpp"
#include "moe_train/train_options.hpp"

namespace moelm {

/// Trains, prints the result and returns the exit code. Before the first step, unless --force is given:
/// Error(out_of_memory) if training needs more memory than there is, Error(io) if the disk has no room for checkpoints.
/// `stop` is immediate until training begins, and deferred from then on.
int run_training(const TrainOptions& options, const Command& command, const ResolvedRun& resolved,
                 const SizeReport& report, StopSignal& stop, Communicator& ranks);

}  // namespace moelm
