// The numbers of one MoE layer.
#pragma once

#include <vector>

#include "base/index.hpp"
#include "base/option.hpp"

namespace moelm {

/// How a token chooses its experts.
enum class GateKind {
  noisy_top_k,  ///< equations 3 to 5: logits with learned noise, the k greatest, softmax over them
  top_k,        ///< the same without noise (and therefore without a load loss)
};

template <>
struct EnumNames<GateKind> {
  static constexpr std::array<std::pair<std::string_view, GateKind>, 2> values = {
      {{"noisy-top-k", GateKind::noisy_top_k}, {"top-k", GateKind::top_k}}};
};

/// Configuration of an MoE layer (section 2). With one expert there is no gate at all.
struct MoeConfig {
  GateKind gate = GateKind::noisy_top_k;
  Index experts = 32;
  Index k = 4;
  std::vector<Index> hidden = {1024};
  double w_importance = 0.1;
  double w_load = 0.1;
  double noise_epsilon = 0.01;

  bool gated() const { return experts > 1; }
};

template <class Visitor>
void fields(MoeConfig& c, Visitor&& visit) {
  visit(Option{"gate", "how a token chooses its experts"}, c.gate);
  visit(Option{"experts", "number of experts E; with 1 there is no gate", "experts", 1}, c.experts);
  visit(Option{"k", "experts chosen for each token", "experts", 1}, c.k);
  visit(Option{"hidden", "width of each hidden layer of an expert", "units", 1}, c.hidden);
  visit(Option{"w_importance", "weight of CV^2(importance) in the loss (equation 7)", "", 0}, c.w_importance);
  visit(Option{"w_load", "weight of CV^2(load) in the loss (equation 11)", "", 0}, c.w_load);
  visit(Option{"noise_epsilon", "added to the standard deviation of the gate noise", "", 0}, c.noise_epsilon);
}

}  // namespace moelm
