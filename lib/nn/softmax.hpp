// The output layer: log-probabilities of the next token over the whole vocabulary, a chunk of rows at a time, so that
// the logits of a batch never exist together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "ops/gemm.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// logits = x weight^T + bias.
struct SoftmaxParameters {
  Matrix weight;  ///< [V, D]
  Matrix bias;    ///< [1, V]
};

/// Memory of a pass; one a worker.
struct SoftmaxCache {
  RoundedMatrix dlogits;  ///< [rows of a chunk, V], in training
  PackedMatrix w, w_transposed;
  PackedWeights weights = PackedWeights::renewed;
  std::vector<PackedMatrix> blocks;  ///< in evaluation: of the vocabulary, where they are kept
};

/// Tokens whose logits exist together in evaluation, which goes through a large vocabulary block by block.
Index softmax_block(Index vocabulary);

/// Rows whose logits over so many tokens exist together: a function of their number alone, so that results do not
/// depend on the batch.
Index softmax_chunk_rows(Index tokens);

/// nll[i] = -ln p(target[i] | x[i]) in nats, computed in double precision after the exponentials; x [N, D]. Neither the
/// logits of all tokens nor a copy of all weights is ever in memory.
void softmax_forward(Context& context, const SoftmaxParameters& parameters, ConstMatrixView x,
                     std::span<const std::int32_t> targets, SoftmaxCache& cache, std::span<double> nll);

/// The same, and the gradient of scale * sum(nll): adds to `gradients`, overwrites dx [N, D].
void softmax_forward_backward(Context& context, const SoftmaxParameters& parameters, ConstMatrixView x,
                              std::span<const std::int32_t> targets, double scale, SoftmaxCache& cache,
                              std::span<double> nll, SoftmaxParameters& gradients, MatrixView dx);

/// ln p of every token for each row of x [N, D], into log_probabilities [N, V]: for tests and small inspections.
void softmax_log_probabilities(Context& context, const SoftmaxParameters& parameters, ConstMatrixView x,
                               SoftmaxCache& cache, MatrixView log_probabilities);

}  // namespace moelm
