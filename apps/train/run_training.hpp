// Training as moe-train does it: a run's folder, the memory check, the run itself, and its result.
#pragma once

#include "train/resolve.hpp"
#include "train/size_report.hpp"
#include "train/train_options.hpp"

namespace moelm {

/// Trains and prints the result; returns the exit code. Error(out_of_memory) before the first step where the memory
/// foreseen is more than there is, unless forced.
int run_training(const TrainOptions& options, const Command& command, const ResolvedRun& resolved,
                 const SizeReport& report);

}  // namespace moelm
