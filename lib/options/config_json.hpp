// A run's configuration as JSON (run/config.json, --config) and as settings typed on a command line (--set).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/train_config.hpp"
#include "io/json.hpp"

namespace moelm {

/// A configuration and where its values come from: `given` has, for each key that somebody set, who did ("--set",
/// "preset small", a file's name). Keys that are not in it are open to planning. "model.layers" stands for all layers.
struct Settings {
  RunConfig config;
  std::map<std::string, std::string> given;

  bool is_given(const std::string& key) const { return given.count(key) > 0; }
};

/// The whole configuration; reading it back gives the same.
Json config_json(const RunConfig& config);

/// Sets what the document holds, all else stays. Unknown keys are refused with the nearest known one, values of the
/// wrong type or out of range with both: Error(bad_config) led by `source`.
void apply_document(const Json& document, const std::string& source, Settings& settings);

/// Sets "key=value" pairs in an order that does not depend on how they were typed: model.layers, model.width, moe.KEY
/// (on every MoE layer), then all others. Error(usage) for an unknown key, a bad value, or a key with two values.
void apply_assignments(const std::vector<std::string>& assignments, const std::string& source, Settings& settings);

/// Scales every width of a model (embedding, cells, projection, hidden) by width / width of the embedding.
void scale_width(ModelConfig& model, Index width);

/// Checks what no single key shows: the model's layers, the optimizer's groups, the number
/// type, the interval of checkpoints.
/// Error(bad_config).
void validate(const RunConfig& config);

/// Every key that can be typed for this configuration, "model.width" and "moe.KEY" included.
std::vector<std::string> known_keys(const RunConfig& config);

}  // namespace moelm
