// Unexpected consequences of a configuration for its gates: gates that cannot learn, weights without effect.
#pragma once

#include <string>
#include <vector>

#include "config/model_config.hpp"

namespace moelm {

/// A sentence for every MoE layer whose gate gets no gradient, and for every balance weight in `assignments`
/// ("key=value", from --set) that the gate ignores.
std::vector<std::string> gate_notes(const ModelConfig& model, const std::vector<std::string>& assignments);

}  // namespace moelm
