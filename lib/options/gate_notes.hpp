// What a configuration makes of its gates that nobody would expect: gates that cannot learn, weights without effect.
#pragma once

#include <string>
#include <vector>

#include "config/model_config.hpp"

namespace moelm {

/// A sentence for every MoE layer whose gate gets no gradient at all, and for every balance weight that was typed
/// (`assignments` are "key=value", as of --set) and that its layer's gate ignores.
std::vector<std::string> gate_notes(const ModelConfig& model, const std::vector<std::string>& assignments);

}  // namespace moelm
