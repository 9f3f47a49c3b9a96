// Strictly balanced gating (appendix F): gates are the softmax G_sigma(x) of the chosen experts, made to sum to one
// (equation 16). In training each expert takes the m = k N / E rows of the batch with its highest scores (equation 18).
// In evaluation a row takes the experts whose scores exceed their learned thresholds (equation 19), because a choice
// within the batch would depend on later tokens. A row may have any number of experts, even none.
#pragma once

#include "moe/gate.hpp"

namespace moelm {

/// Rows that each expert takes of a batch of N: k N / E rounded down, at least one.
Index rows_of_an_expert(const GateConfig& config, Index rows);

/// From cache.clean_logits. In training also the threshold loss of equation 20 and its gradient; the scores are
/// constants in it.
void balanced_gate_forward(Context& context, const GateConfig& config, const GateParameters& parameters,
                           const GatePass& pass, GateCache& cache, Routing& routing);

/// Fills cache.dclean_logits and adds to the thresholds' gradient.
void balanced_gate_backward(Context& context, const Routing& routing, const RoutingGradient& gradient, GateCache& cache,
                            GateParameters& gradients);

}  // namespace moelm
