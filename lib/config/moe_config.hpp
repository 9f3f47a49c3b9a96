// The configuration of one MoE layer.
#pragma once

#include <string>
#include <vector>

#include "base/data_type.hpp"
#include "base/index.hpp"
#include "base/option.hpp"

namespace moelm {

/// How a token chooses its experts. Each gate is a file.
enum class GateKind {
  noisy_top_k,  ///< equations 3 to 5: logits with learned noise, the k greatest, softmax over them
  top_k,        ///< the same without noise (and therefore without a load loss)
  sigmoid,      ///< the k largest logits; each gate is the sigmoid of its own logit, so gates do not compete
  softmax,      ///< equation 2: every expert, weighted by a softmax
  balanced,     ///< appendix F: in training every expert takes its best k N / E rows, afterwards thresholds decide
};

template <>
struct EnumNames<GateKind> {
  static constexpr std::array<std::pair<std::string_view, GateKind>, 5> values = {
      {{"noisy-top-k", GateKind::noisy_top_k},
       {"top-k", GateKind::top_k},
       {"sigmoid", GateKind::sigmoid},
       {"softmax", GateKind::softmax},
       {"balanced", GateKind::balanced}}};
};

/// What the combined output of the experts passes through.
enum class MoeOutput {
  sigmoid,  ///< appendix C.1
  none,
};

template <>
struct EnumNames<MoeOutput> {
  static constexpr std::array<std::pair<std::string_view, MoeOutput>, 2> values = {
      {{"sigmoid", MoeOutput::sigmoid}, {"none", MoeOutput::none}}};
};

/// One gate: a flat layer has one, a hierarchical layer one over its groups and one in each group.
struct GateConfig {
  GateKind kind = GateKind::noisy_top_k;
  Index experts = 1;  ///< what is chosen among: experts, or groups of experts
  Index k = 1;        ///< how many of them a row takes; balanced: on average
  double noise_epsilon = 0.01;

  /// Whether there is anything to choose.
  bool has_gate() const { return experts > 1; }
  /// Whether noise is drawn.
  bool noisy() const { return has_gate() && kind == GateKind::noisy_top_k; }
  /// Whether the load is the smooth estimate with a gradient (equation 9), not a count.
  bool smooth_load() const { return noisy() && k < experts; }
  /// Experts that a row takes, on average where the gate is balanced.
  Index experts_per_token() const { return !has_gate() ? 1 : kind == GateKind::softmax ? experts : k; }
};

/// Configuration of an MoE layer (section 2; appendix B with groups). With one expert there is no gate at all.
struct MoeConfig {
  GateKind gate = GateKind::noisy_top_k;
  Index experts = 32;
  Index k = 4;
  Index groups = 0;
  Index k_groups = 2;
  std::vector<Index> hidden = {1024};
  Index shared = 0;
  MoeOutput output = MoeOutput::sigmoid;
  double w_importance = 0.1;
  double w_load = 0.1;
  double w_switch = 0;
  double w_z = 0;
  double bias_rate = 0;
  double noise_epsilon = 0.01;
  Index balance_window = 1;
  double hidden_dropout = 0;
  double mask_outputs = 0;
  bool recompute = false;
  DataType weights = DataType::f32;

  bool has_gate() const { return experts > 1; }
  bool hierarchical() const { return groups > 0; }
  /// Experts in a group; all of them in a flat layer.
  Index group_size() const { return hierarchical() ? experts / groups : experts; }
  /// The gate of a flat layer, over all experts; of a hierarchical layer the primary gate, over its groups.
  GateConfig primary_gate() const {
    return {gate, hierarchical() ? groups : experts, hierarchical() ? k_groups : k, noise_epsilon};
  }
  /// The gate of each group of a hierarchical layer.
  GateConfig secondary_gate() const { return {gate, group_size(), k, noise_epsilon}; }
  /// Whether a load loss exists: some gate has a smooth load.
  bool smooth_load() const {
    return primary_gate().smooth_load() || (hierarchical() && secondary_gate().smooth_load());
  }
  /// Experts of a row, on average where the gate is balanced; hierarchical: the product of both levels.
  Index experts_per_token() const {
    return primary_gate().experts_per_token() * (hierarchical() ? secondary_gate().experts_per_token() : 1);
  }
};

/// Error(bad_config) for numbers that contradict each other. `layer` is the key of the layer: "model.layers.2".
void validate(const MoeConfig& config, const std::string& layer);

/// Keys of the experts and of their choice.
template <class Visitor>
void expert_fields(MoeConfig& c, Visitor& visit) {
  visit(Option{.key = "gate",
               .help = "how a token chooses its experts. Take top-k for a choice without noise, sigmoid for gates that "
                       "do not compete, softmax for few experts, balanced for equal loads"},
        c.gate);
  visit(Option{.key = "experts",
               .help = "number of experts E; with 1 there is no gate. Raise it for larger texts: memory grows with it, "
                       "time hardly does",
               .unit = "experts",
               .min = 1},
        c.experts);
  visit(Option{.key = "k",
               .help = "experts chosen for each token; in a hierarchy: in each chosen group; balanced: on average. "
                       "Time grows with it",
               .unit = "experts",
               .min = 1},
        c.k);
  visit(Option{.key = "groups",
               .help = "groups A of E / A experts, each with a gate of its own; 0: no hierarchy. Set it for hundreds "
                       "of experts and more",
               .unit = "groups",
               .min = 0},
        c.groups);
  visit(Option{.key = "k_groups",
               .help = "groups chosen for each token of a hierarchy. Time grows with it",
               .unit = "groups",
               .min = 1},
        c.k_groups);
  visit(Option{.key = "hidden",
               .help = "width of each hidden layer of an expert. Wider experts fit larger texts",
               .unit = "units",
               .min = 1},
        c.hidden);
  visit(Option{.key = "shared",
               .help = "experts that every token passes through, beside those that a gate chooses. Add one if all "
                       "experts learn the same",
               .unit = "experts",
               .min = 0},
        c.shared);
  visit(Option{.key = "output",
               .help = "what the combined output of the experts passes through: sigmoid (appendix C.1) or none. Take "
                       "none to add the experts' output as it is"},
        c.output);
}

/// Keys of the balance of the experts.
template <class Visitor>
void balance_fields(MoeConfig& c, Visitor& visit) {
  visit(Option{.key = "w_importance",
               .help = "weight of CV^2(importance) in the loss (equation 7). Raise it if few experts have most of the "
                       "weight",
               .min = 0},
        c.w_importance);
  visit(Option{.key = "w_load",
               .help = "weight of CV^2(load) in the loss (equation 11). Raise it if experts get no tokens",
               .min = 0},
        c.w_load);
  visit(Option{.key = "w_switch",
               .help = "weight of the Switch Transformer's balancing loss, 0: none. Set it for gates without a load "
                       "loss",
               .min = 0},
        c.w_switch);
  visit(Option{.key = "w_z",
               .help = "weight of the z-loss on the gate's logits, 0: none. Set it if the logits grow too large",
               .min = 0},
        c.w_z);
  visit(Option{.key = "bias_rate",
               .help = "step of the biases that balance the choice without a loss, 0: no biases. Set it to balance "
                       "without disturbing the loss",
               .min = 0},
        c.bias_rate);
  visit(Option{.key = "noise_epsilon",
               .help = "added to the standard deviation of the gate noise. Rarely needs a change",
               .min = 0},
        c.noise_epsilon);
  visit(Option{.key = "balance_window",
               .help = "steps whose importance and load the balancing losses look at together. Raise it if a step has "
                       "few tokens for each expert",
               .unit = "steps",
               .min = 1},
        c.balance_window);
}

/// Keys of dropout and memory.
template <class Visitor>
void dropout_fields(MoeConfig& c, Visitor& visit) {
  visit(Option{.key = "hidden_dropout",
               .help = "probability of dropping a unit of an expert's hidden layers. Raise it if experts overfit",
               .min = 0,
               .max = 0.99},
        c.hidden_dropout);
  visit(Option{.key = "mask_outputs",
               .help = "probability of dropping the whole output of an expert for a token, without rescaling. Raise it "
                       "if a text is read many times",
               .min = 0,
               .max = 0.99},
        c.mask_outputs);
  visit(Option{.key = "recompute",
               .help = "compute the experts' hidden layers again in backward instead of keeping them (appendix D). "
                       "Set it if activations do not fit into memory"},
        c.recompute);
  visit(Option{.key = "weights",
               .help = "type that the experts' weights are stored in: f32, or bf16: half the memory, updates are "
                       "rounded stochastically. Take bf16 if the experts do not fit into memory"},
        c.weights);
}

template <class Visitor>
void fields(MoeConfig& c, Visitor&& visit) {
  expert_fields(c, visit);
  balance_fields(c, visit);
  dropout_fields(c, visit);
}

}  // namespace moelm
