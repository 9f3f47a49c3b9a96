// Sigmoid gating (Csordas et al. 2023, sigma-MoE): the k largest logits are chosen, and each gate is the sigmoid of its
// own logit. Gates do not compete: they need not sum to 1, and a row may leave all its experts nearly closed.
#pragma once

#include "moe/gate.hpp"

namespace moelm {

/// G_i = sigmoid((x W_g)_i) for the k largest logits plus bias. Fills the pairs of `routing`; the load is a count.
void sigmoid_gate_forward(Context& context, const GateConfig& config, const GateParameters& parameters,
                          GateCache& cache, Routing& routing);

/// Fills cache.dclean_logits: dlogit_i = G_i (1 - G_i) dG_i for the chosen, else 0.
void sigmoid_gate_backward(Context& context, const Routing& routing, const RoutingGradient& gradient, GateCache& cache);

}  // namespace moelm
