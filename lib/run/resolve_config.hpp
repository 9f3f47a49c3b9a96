// From the options of a command line to the configuration of a run, new or existing.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/data_type.hpp"
#include "base/index.hpp"
#include "options/config_json.hpp"

namespace moelm {

/// The options of a command line that make a configuration.
struct ConfigOptions {
  std::optional<std::string> preset;
  std::optional<std::string> config_file;  ///< "-" for standard input
  std::vector<std::string> assignments;    ///< --set
  std::optional<Index> steps;
  std::optional<double> epochs;
  std::optional<TrainType> dtype;
};

/// What planning knows of the training text and of the machine.
struct PlanInputs {
  Index training_tokens = 0;  ///< 0: there is no text yet
  Index validation_tokens = 0;
  /// Batches of one pass under a configuration. Empty: as if all batches were full.
  std::function<Index(const TrainConfig&)> count_batches = {};
  /// The type that this machine multiplies faster. Empty: train.dtype stays auto.
  std::function<DataType()> faster_type = {};
  /// The tokens that a training of a configuration reads in the time that is given, estimated. Empty: there is no
  /// limit.
  std::function<double(const RunConfig&)> tokens_in_time = {};
  /// Ids of the vocabulary, if they are ordered by falling frequency. 0: they are not, or there is no text yet.
  Index ordered_vocabulary = 0;
  /// The model whose weights a new run takes. Empty: none.
  std::optional<ModelConfig> initial_model = {};
};

struct ResolvedConfig {
  RunConfig config;
  ConfigDraft draft;           ///< before planning
  std::string base;            ///< the preset or file that it began with; of an existing run empty
  bool chosen = false;         ///< whether the preset was chosen by the plan
  Index batches_per_pass = 0;  ///< 0: not counted
  /// The maximum number of steps that may be planned for a time; 0: max_planned_steps of the configuration.
  Index max_steps = 0;
  std::optional<double> tokens_in_time;  ///< estimated; nothing without a limit of time
};

/// Resolves the configuration of a new run, or of an existing one whose configuration is `stored`.
///
/// A new run begins with a file or a preset. Without a preset and without a file that names layers, the number of
/// training tokens and the time decide the preset. --set comes next, then flags, then the plan.
///
/// An existing run begins with its stored configuration, and only options that may change can change it. Any other
/// option that differs is Error(bad_config) with the key and both values. Steps or epochs replace the stored number of
/// steps, and more steps than planned lengthen the schedule. Together with a time they are an upper bound (max_steps),
/// and the schedule stays: the time decides how much of them is planned.
ResolvedConfig resolve_config(const ConfigOptions& options, const RunConfig* stored, const PlanInputs& inputs);

}  // namespace moelm
