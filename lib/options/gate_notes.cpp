#include "options/gate_notes.hpp"

#include <algorithm>

namespace moelm {

namespace {

/// Whether the value of a chosen expert is always 1: a softmax over a single logit.
bool constant_value(const GateConfig& gate) {
  const bool chosen_logits = gate.kind == GateKind::noisy_top_k || gate.kind == GateKind::top_k;
  return gate.has_gate() && chosen_logits && gate.k == 1;
}

bool constant_values(const MoeConfig& moe) {
  const GateConfig second = moe.secondary_gate();
  return constant_value(moe.primary_gate()) && (!moe.hierarchical() || !second.has_gate() || constant_value(second));
}

bool never_learns(const MoeConfig& moe) {
  const bool by_load = moe.smooth_load() && moe.w_load > 0;
  return moe.has_gate() && constant_values(moe) && !by_load && moe.w_switch <= 0 && moe.bias_rate <= 0;
}

/// Whether noise falls on the weights of experts of which none is left out.
bool noise_without_choice(const MoeConfig& moe) {
  const auto all_chosen = [](const GateConfig& gate) { return gate.noisy() && gate.k >= gate.experts; };
  return all_chosen(moe.primary_gate()) || (moe.hierarchical() && all_chosen(moe.secondary_gate()));
}

bool is_typed(const std::vector<std::string>& assignments, std::size_t layer, const char* name) {
  return std::any_of(assignments.begin(), assignments.end(), [&](const std::string& text) {
    const std::string key = text.substr(0, text.find('='));
    return key == layer_key(layer, name) || key == std::string("moe.") + name;
  });
}

/// Why a layer's gate ignores a weight, or "" if it does not.
std::string why_ignored(const MoeConfig& moe, const std::string& weight) {
  if (!moe.has_gate()) return "there is one expert and no gate";
  if (weight == "w_importance" && constant_values(moe)) return "with k 1 the gate's value is always 1";
  if (weight == "w_load" && !moe.smooth_load())
    return moe.gate == GateKind::noisy_top_k
               ? "where all experts are chosen the load is a count without a gradient"
               : "the load of gate " + std::string(enum_name(moe.gate)) + " is a count without a gradient";
  return "";
}

}  // namespace

std::vector<std::string> gate_notes(const ModelConfig& model, const std::vector<std::string>& assignments) {
  std::vector<std::string> notes;
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const auto* moe = std::get_if<MoeConfig>(&model.layers[l]);
    if (moe == nullptr) continue;
    if (never_learns(*moe))
      notes.push_back(layer_key(l) +
                      ": the gate gets no gradient and never learns: with k 1 its value is always 1, and no balance "
                      "loss reaches it. Without noise, as in validation, it sends every token to the same experts; " +
                      (moe->gate == GateKind::noisy_top_k ? "moe.w_load=0.1 or a larger moe.k lets it learn"
                                                          : "moe.w_switch=0.01 or a larger moe.k lets it learn"));
    if (noise_without_choice(*moe))
      notes.push_back(layer_key(l) +
                      ": all experts are chosen, so the gate's noise changes only their weights, and no loss keeps it "
                      "small; moe.gate=softmax has the same experts without noise");
    const std::pair<const char*, double> weights[] = {
        {"w_importance", moe->w_importance}, {"w_load", moe->w_load}, {"w_switch", moe->w_switch}, {"w_z", moe->w_z}};
    for (const auto& [name, value] : weights) {
      const std::string why = value > 0 && is_typed(assignments, l, name) ? why_ignored(*moe, name) : "";
      if (!why.empty()) notes.push_back(layer_key(l, name) + " has no effect: " + why);
    }
  }
  return notes;
}

}  // namespace moelm
