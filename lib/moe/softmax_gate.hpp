// Softmax gating (equation 2): every row goes to every expert, weighted by G_sigma(x) = softmax(x W_g).
#pragma once

#include <span>

#include "moe/gate.hpp"

namespace moelm {

/// cache.softmax = softmax over all experts of cache.clean_logits.
void softmax_of_logits(Context& context, GateCache& cache);

/// Gradient of the logits of a row, in place of that of its softmax: d_i = p_i (d_i - sum_j p_j d_j).
void softmax_logit_gradient(const float* softmax, std::span<double> d);

void softmax_gate_forward(Context& context, const GateConfig& config, GateCache& cache, Routing& routing);

/// Fills cache.dclean_logits.
void softmax_gate_backward(Context& context, const Routing& routing, const RoutingGradient& gradient, GateCache& cache);

}  // namespace moelm
