// From what was typed to a configuration: preset or file, then --set, then flags; and what an existing run allows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/index.hpp"
#include "options/config_json.hpp"

namespace moelm {

/// The options of a command line that make a configuration.
struct SettingSources {
  std::optional<std::string> preset;
  std::optional<std::string> config_file;  ///< "-" for standard input
  std::vector<std::string> assignments;    ///< --set
  std::optional<Index> steps;
  std::optional<double> epochs;
  std::optional<std::string> dtype;
};

/// Settings of a new run. Without a preset or a file that names layers, the preset for the number of training tokens
/// comes first. `base` receives its name, or the name that was typed. Checked, but not yet planned.
Settings new_settings(const SettingSources& sources, Index training_tokens, std::string* base = nullptr);

/// Configuration of a run that goes on: the stored one, with those options typed that may change. Anything else that
/// was typed and differs is Error(bad_config) naming key and both values. Epochs or steps that are typed replace the
/// stored number of steps; more than were planned lengthen the schedule.
RunConfig resumed_config(const RunConfig& stored, const SettingSources& sources, Index training_tokens,
                         Index steps_per_pass = 0);

}  // namespace moelm
