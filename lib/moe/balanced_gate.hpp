// Strictly balanced gating (appendix F): gates are the softmax G_sigma(x) of the chosen experts, made to sum to one
// (equation 16). In training each expert takes the m = k N / E rows of the batch that score it highest (equation 18);
// afterwards a row takes the experts whose score exceeds their learned thresholds (equation 19). A row may have any
// number of experts, none included. The batch decides with knowledge of later tokens, so evaluation always uses the
// thresholds.
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
