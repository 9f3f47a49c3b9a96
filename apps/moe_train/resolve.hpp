// From the command line to the run to be trained: its data and its configuration, new or existing.
#pragma once

#include <optional>
#include <string>

#include "data/dataset.hpp"
#include "moe_train/train_options.hpp"
#include "run/run_folder.hpp"

namespace moelm {

/// What to train, or to show with --dry-run.
struct ResolvedRun {
  RunConfig config;
  std::string base;  ///< what the configuration began with: "small (chosen for 897,286 training tokens)"
  std::optional<Dataset> data;
  std::optional<StoredRun> stored;  ///< the run in --out, if it exists
  Schedule before;                  ///< the stored schedule of an existing run; else empty
  Index vocabulary = 0;
  Index training_tokens = 0;             ///< 0: no data
  Index batches_per_pass = 0;            ///< 0: no data
  Index max_steps = 0;                   ///< as in ResolvedConfig
  std::optional<double> tokens_in_time;  ///< estimated; nothing without --max-time
  /// Of a new run: the configuration before planning, with the open values not in `given`.
  ConfigDraft draft;
};

/// Opens the data and resolves the configuration. Data may be missing if nothing is trained. With --max-time the speed
/// of `threads` threads on each of `ranks` ranks is estimated. A new run gets lanes for the ranks.
ResolvedRun resolve_run(const TrainOptions& options, int threads = 1, int ranks = 1);

/// The configuration as --config reads it: complete if there are data, else open where planning decides.
Json printed_config(const ResolvedRun& resolved);

}  // namespace moelm
