// The choice of the k largest logits, and the softmax over them (equations 3 and 5): top-k gating, and the second half
// of noisy top-k gating.
#pragma once

#include <span>

#include "moe/gate.hpp"

namespace moelm {

/// Makes the gates of the chosen experts of a row from its logits h [E].
using GatesOfChosen = void (*)(const float* h, std::span<const std::int32_t> chosen, float* gates);

/// Softmax over the chosen logits (equation 3), from the largest on.
void softmax_of_chosen(const float* h, std::span<const std::int32_t> chosen, float* gates);

/// Sends every row to the k experts with the largest cache.noisy_logits plus bias, if there is a bias. The gates are
/// made from the logits without the bias. Fills cache.top_k and the pairs of `routing`.
void choose_top_k(Context& context, const GateConfig& config, const GateParameters& parameters, GateCache& cache,
                  Routing& routing, GatesOfChosen gates_of_chosen = softmax_of_chosen);

/// Top-k gating: H(x) = x W_g.
void top_k_forward(Context& context, const GateConfig& config, const GateParameters& parameters, GateCache& cache,
                   Routing& routing);

/// Adds the gradient of the chosen logits of a row: dH_i = G_i (dG_i - sum_j G_j dG_j); `dh` [E].
void add_top_k_gradient(const Routing& routing, const RoutingGradient& gradient, Index row, std::span<double> dh);

/// Backward of top-k gating: fills cache.dclean_logits.
void top_k_backward(Context& context, const Routing& routing, const RoutingGradient& gradient, GateCache& cache);

}  // namespace moelm
