// The output layer: log-probabilities of the next token over the whole vocabulary, a chunk of rows at a time, so that
// the logits of a batch never exist together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "config/model_config.hpp"
#include "config/tensor_spec.hpp"
#include "ops/gemm.hpp"
#include "tensor/matrix.hpp"
#include "tensor/tensor_pointer.hpp"

namespace moelm {

/// logits = x weight^T + bias.
struct SoftmaxParameters {
  Matrix weight;  ///< [V, D]
  Matrix bias;    ///< [1, V]
};

/// The tensors of the layer, and their places in the parameters in the same order. Tied, it has no weight of its own.
LayerTensors softmax_tensors(const SoftmaxConfig& config, bool tied, Index inputs, Index vocabulary);
inline std::vector<TensorPointer> tensor_pointers(SoftmaxParameters& p) { return {p.weight, p.bias}; }

/// The weights of a pass, wherever they are kept.
struct SoftmaxWeights {
  ConstMatrixView weight;  ///< [V, D]
  ConstMatrixView bias;    ///< [1, V]

  SoftmaxWeights(ConstMatrixView w, ConstMatrixView b) : weight(w), bias(b) {}
  SoftmaxWeights(const SoftmaxParameters& p) : weight(p.weight), bias(p.bias) {}
};

/// Where the gradients of a pass are added.
struct SoftmaxGradients {
  MatrixView weight;      ///< [V, D]
  std::span<float> bias;  ///< [V]

  SoftmaxGradients(MatrixView w, std::span<float> b) : weight(w), bias(b) {}
  SoftmaxGradients(SoftmaxParameters& p) : weight(p.weight), bias(p.bias.values()) {}
};

/// Memory of a pass. For one pass at a time, whose threads share it.
struct SoftmaxCache {
  RoundedMatrix dlogits;  ///< [rows of a chunk, V], in training
  PackedMatrix w, w_transposed;
  WeightPacking packing = WeightPacking::every_pass;
  std::vector<PackedMatrix> blocks;  ///< in evaluation: of the vocabulary, where they are kept
};

/// Number of tokens in a block of the vocabulary. Evaluation computes the logits of one block at a time.
Index softmax_block(Index vocabulary);

/// Number of rows whose logits over `tokens` tokens are in memory at once. It depends on `tokens` only, so results do
/// not depend on the batch.
Index softmax_chunk_rows(Index tokens);

/// nll[i] = -ln p(target[i] | x[i]) in nats, computed in double precision after the exponentials; x [N, D]. Neither the
/// logits of all tokens nor a copy of all weights is ever in memory.
void softmax_forward(Context& context, const SoftmaxWeights& weights, ConstMatrixView x,
                     std::span<const std::int32_t> targets, SoftmaxCache& cache, std::span<double> nll);

/// The same, and the gradient of scale * sum(nll): adds to `gradients`, overwrites dx [N, D]. Packs the weights anew
/// unless cache.packing is `once` and the pass before had the same weights.
void softmax_forward_backward(Context& context, const SoftmaxWeights& weights, ConstMatrixView x,
                              std::span<const std::int32_t> targets, double scale, SoftmaxCache& cache,
                              std::span<double> nll, const SoftmaxGradients& gradients, MatrixView dx);

/// ln p of every token for each row of x [N, D], into log_probabilities [N, V]: the distributions that softmax_forward
/// takes its targets from, each value rounded to float.
void softmax_log_probabilities(Context& context, const SoftmaxWeights& weights, ConstMatrixView x, SoftmaxCache& cache,
                               MatrixView log_probabilities);

}  // namespace moelm
