// A run's configuration as JSON (run/config.json, --config) and as assignments (--set KEY=VALUE).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/train_config.hpp"
#include "io/json.hpp"

namespace moelm {

/// A configuration before planning. `given` names, for each key that was set, where ("--set", "--preset small", a
/// file). The plan may decide keys that are not in it. A whole list of layers is given as "model.layers".
struct ConfigDraft {
  RunConfig config;
  std::map<std::string, std::string> given;

  bool is_given(const std::string& key) const { return given.contains(key); }
};

/// The whole configuration. apply_document() reads it back.
Json config_json(const RunConfig& config);

/// Sets the values of a document and keeps all others. Error(bad_config), beginning with `source`, for an unknown key
/// (with the nearest known one), a wrong type, or a value out of range.
void apply_document(const Json& document, const std::string& source, ConfigDraft& draft);

/// Sets values given as "key=value". They take effect in this order, however they were typed: model.layers,
/// model.width, moe.KEY (on every MoE layer), all other keys. Error(usage) for an unknown key, a bad value, or a key
/// with two different values.
void apply_assignments(const std::vector<std::string>& assignments, const std::string& source, ConfigDraft& draft);

/// Scales every width of a model (embedding, cells, projection, hidden) by width / width of the embedding.
void scale_width(ModelConfig& model, Index width);

/// Checks what no single key shows: layers that fit each other, optimizers, sizes of a batch, the checkpoint interval.
/// Error(bad_config).
void validate(const RunConfig& config);

/// Every key that can be set for this configuration, "model.width" and "moe.KEY" included.
std::vector<std::string> known_keys(const RunConfig& config);

}  // namespace moelm
