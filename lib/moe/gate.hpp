// A gate chooses the experts of each row, out of E, and gives each a weight. Each of the five kinds has its own file.
// This file has the common part: the logits x W_g, and the backward pass from the logits to x and W_g.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "config/moe_config.hpp"
#include "config/tensor_spec.hpp"
#include "moe/routing.hpp"
#include "ops/gemm.hpp"
#include "tensor/matrix.hpp"
#include "tensor/tensor_pointer.hpp"

namespace moelm {

/// Weights of one gate; what its kind does not have is empty.
struct GateParameters {
  Matrix weight;      ///< W_g^T, [E, D]; empty if a single expert needs no gate
  Matrix noise;       ///< W_noise^T, [E, D], of a noisy gate
  Matrix bias;        ///< added to the logits for the choice alone, [1, E]; moved by counts, not by a gradient
  Matrix thresholds;  ///< T of equation 19, [1, E], of a balanced gate
};

/// The tensors of a gate, each name behind `prefix`, and their places in the parameters in the same order. `biased`:
/// the choice has biases.
std::vector<TensorSpec> gate_tensors(const GateConfig& config, Index width, const std::string& prefix, bool biased);
inline std::vector<TensorPointer> tensor_pointers(GateParameters& p) {
  return {p.weight, p.noise, p.bias, p.thresholds};
}

/// Writes standard normal numbers for one row and the experts first ... first + count - 1.
using NoiseSampler = std::function<void(Index row, Index first, Index count, float* out)>;

/// How a gate runs. In training a balanced gate takes the best rows of the batch and a noisy gate adds noise if
/// `sample_noise` is set. In evaluation thresholds decide and there is no noise.
struct GatePass {
  bool training = false;
  NoiseSampler sample_noise = nullptr;
};

/// Values that backward needs, and the memory of a pass. For one pass at a time, whose threads share it.
struct GateCache {
  Matrix clean_logits;              ///< x W_g, [N, E]
  Matrix noise_logits;              ///< x W_noise, [N, E]
  Matrix noise_stddev;              ///< softplus(noise_logits) + epsilon, [N, E]
  Matrix noise;                     ///< standard normal samples, [N, E]; empty without noise
  Matrix noisy_logits;              ///< H(x) = clean_logits + noise * noise_stddev, [N, E]
  Matrix softmax;                   ///< softmax(clean_logits) over all experts, [N, E]
  std::vector<double> log_sum_exp;  ///< ln sum_i exp(clean_logits_i), [N]
  std::vector<std::int32_t> top_k;  ///< the k + 1 experts with the largest H (k where k = E), largest first, [N, k + 1]
  std::vector<char> clean_choice;   ///< per pair: whether the logits without noise choose it too; empty without noise
  std::vector<double> dthresholds;  ///< gradient of equation 20, [E]
  Matrix dclean_logits;             ///< [N, E]
  Matrix dnoise_logits;             ///< [N, E]
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
