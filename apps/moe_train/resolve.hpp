// From options to a run: which data, which configuration, new or going on.
#pragma once

#include <optional>
#include <string>

#include "data/dataset.hpp"
#include "moe_train/train_options.hpp"
#include "run/run_folder.hpp"

namespace moelm {

/// What is to be trained, or looked at by --dry-run.
struct ResolvedRun {
  RunConfig config;
  std::string base;  ///< "preset small (chosen for 897,286 training tokens)"
  std::optional<Dataset> data;
  std::optional<StoredRun> stored;  ///< the run in --out, if it exists
  Schedule before;                  ///< of the run that goes on, before anything was typed; else empty
  Index vocabulary = 0;
  Index training_tokens = 0;  ///< 0: no data
  Index steps_per_pass = 0;   ///< batches of one pass; 0: no data
  /// Without data nothing is planned; then this is what was typed, and what is not in `given` stays open.
  Settings settings;
};

/// Opens the data and decides the configuration. Where nothing is trained data may be missing.
ResolvedRun resolve_run(const TrainOptions& options);

/// The configuration for --config to read: complete with data; without, what planning decides is left open.
Json printed_config(const ResolvedRun& resolved);

}  // namespace moelm
