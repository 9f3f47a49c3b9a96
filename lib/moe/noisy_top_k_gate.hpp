// Noisy top-k gating (section 2.1, equations 3 to 5) with the smooth load (appendix A, equations 8 to 10).
//    H(x)_i  = (x W_g)_i + z_i s_i
//    s_i     = softplus((x W_noise)_i) + epsilon
//    G(x)    = softmax over the k largest of H(x)
//    P(x, i) = Phi(((x W_g)_i - kth_excluding(H(x), k, i)) / s_i)
//    Load_i  = sum over x of P(x, i)
#pragma once

#include "moe/gate.hpp"

namespace moelm {

/// From cache.clean_logits and cache.noise_logits. Without noise to draw H(x) is x W_g, and the load is still smooth.
void noisy_top_k_forward(Context& context, const GateConfig& config, const GateParameters& parameters,
                         const GatePass& pass, GateCache& cache, Routing& routing);

/// Fills cache.dclean_logits and cache.dnoise_logits.
void noisy_top_k_backward(Context& context, const GateConfig& config, const GateParameters& parameters,
                          const Routing& routing, const RoutingGradient& gradient, GateCache& cache);

}  // namespace moelm
