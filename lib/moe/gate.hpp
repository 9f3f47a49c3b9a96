// A gate: which of E experts each row goes to, and with what weight. Four kinds, each in a file of its own; here is
// what they share: the logits x W_g, and the way of their gradient back to x and W_g.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/context.hpp"
#include "config/moe_config.hpp"
#include "moe/routing.hpp"
#include "ops/gemm.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// Weights of one gate; what its kind does not have is empty.
struct GateParameters {
  Matrix weight;      ///< W_g^T, [E, D]; empty where a single expert needs no gate
  Matrix noise;       ///< W_noise^T, [E, D], of a noisy gate
  Matrix bias;        ///< added to the logits for the choice alone, [1, E]; moved by counts, not by a gradient
  Matrix thresholds;  ///< T of equation 19, [1, E], of a balanced gate
};

/// Writes standard normal numbers for a row and the experts first ... first + count - 1.
using NoiseDraw = std::function<void(Index row, Index first, Index count, float* out)>;

/// How a pass treats a gate. Training: a balanced gate takes the best rows of the batch, a noisy gate draws noise if
/// there is any to draw. Evaluation: thresholds, and no noise.
struct GatePass {
  bool training = false;
  NoiseDraw draw = nullptr;
};

/// What backward needs, and the memory of a pass; one a worker.
struct GateCache {
  Matrix clean;                     ///< x W_g, [N, E]
  Matrix raw;                       ///< x W_noise, [N, E]
  Matrix deviation;                 ///< of the noise: softplus(raw) + epsilon, [N, E]
  Matrix draws;                     ///< the standard normal draws z, [N, E]; empty where noise is off
  Matrix noisy;                     ///< H(x), [N, E]: the logits that choose
  Matrix softmax;                   ///< softmax of clean over all experts, [N, E]
  std::vector<double> log_sum_exp;  ///< ln sum_i exp(clean_i), [N]
  std::vector<std::int32_t> order;  ///< indices of the k+1 greatest of H (k where k = E), [N, k+1]
  std::vector<double> dthresholds;  ///< gradient of equation 20, [E]
  Matrix dclean, draw;              ///< gradients of clean and raw, [N, E]
  PackedMatrix w_gate, w_noise;
};

/// Sends x [N, D] to experts; overwrites `routing`.
void gate_forward(Context& context, const GateConfig& config, const GateParameters& parameters, ConstMatrixView x,
                  const GatePass& pass, GateCache& cache, Routing& routing);

/// Gradients of the losses with respect to the outcome of a gate.
struct RoutingGradient {
  std::vector<float> gate;         ///< of the gate of every pair, without the importance loss
  std::vector<double> importance;  ///< of Importance, [E]
  std::vector<double> load;        ///< of Load, [E]; ignored where the load is a count
};

/// Adds the gradient of further losses to that of the clean logits of a row, before it goes on to x and W_g.
using LogitGradient = std::function<void(Index row, float* dclean)>;

/// Backward of the pass that filled the cache: adds to `gradients` and to dx [N, D].
void gate_backward(Context& context, const GateConfig& config, const GateParameters& parameters, ConstMatrixView x,
                   const Routing& routing, const RoutingGradient& gradient, GateCache& cache, GateParameters& gradients,
                   MatrixView dx, const LogitGradient& further = nullptr);

}  // namespace moelm
