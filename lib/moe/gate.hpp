// Noisy top-k gating (section 2.1, equations 3 to 5) with importance and smooth load (equations 6 to 11).
//   H(x)_i = (x W_g)_i + z_i (softplus((x W_noise)_i) + epsilon);  gates = softmax over the k greatest of H(x)
//   P(x, i) = Phi(((x W_g)_i - kth_excluding(H(x), k, i)) / standard deviation of i's noise)
// Top-k gating is the same without noise; its load is the count of tokens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "moe/config.hpp"
#include "moe/routing.hpp"
#include "ops/gemm.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

struct GateParameters {
  Matrix weight;  ///< W_g^T, [E, D]; empty where a single expert needs no gate
  Matrix noise;   ///< W_noise^T, [E, D]; empty for a gate without noise

  bool noisy() const { return !noise.empty(); }
};

/// What backward needs, and the memory of a pass; one a worker.
struct GateCache {
  Matrix clean;                     ///< x W_g, [N, E]
  Matrix raw;                       ///< x W_noise, [N, E]
  Matrix draws;                     ///< the standard normal draws z, [N, E]; empty where noise is off
  Matrix noisy;                     ///< H(x), [N, E]
  std::vector<std::int32_t> order;  ///< indices of the k+1 greatest of H (k where k = E), [N, k+1]
  Matrix dclean, draw;              ///< gradients of clean and raw, [N, E]
  PackedMatrix w_gate, w_noise;
};

/// Sends x [N, D] to experts. `cache.draws` holds the noise [N, E], or is empty for none; then the load is still
/// smooth, with H = the clean logits (equation 9). Overwrites `routing`.
void gate_forward(Context& context, const MoeConfig& config, const GateParameters& parameters, ConstMatrixView x,
                  GateCache& cache, Routing& routing);

/// Gradients of the losses with respect to the outcome of a gate.
struct RoutingGradient {
  Matrix gate;                     ///< of each chosen gate, [N, k], without the importance loss
  std::vector<double> importance;  ///< of Importance, [E]
  std::vector<double> load;        ///< of Load, [E]; ignored where the load is a count
};

/// Backward of the pass that filled the cache: adds to `gradients` and to dx [N, D].
void gate_backward(Context& context, const MoeConfig& config, const GateParameters& parameters, ConstMatrixView x,
                   const Routing& routing, const RoutingGradient& gradient, GateCache& cache, GateParameters& gradients,
                   MatrixView dx);

/// Whether the load of this gate is the smooth estimate with a gradient (noise weights exist and k < E).
bool smooth_load(const MoeConfig& config, const GateParameters& parameters);

}  // namespace moelm
