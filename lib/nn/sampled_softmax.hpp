// The softmax over a sample of the vocabulary, for training only: importance sampling with one set of ids a step.
//   o_j = x . w_j + b_j - ln E[count of j] for the target and every sampled j that is not the target;
//   loss = ln sum exp(o) - o_target
#pragma once

#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "nn/log_uniform.hpp"
#include "nn/row_gradient.hpp"
#include "nn/softmax.hpp"

namespace moelm {

/// Gradients of the rows that were sampled or were targets.
struct SampledSoftmaxGradient {
  RowGradient weight;  ///< rows of [V, D]
  RowGradient bias;    ///< rows of [V, 1]
};

/// Memory of a pass. For one pass at a time, whose threads share it.
struct SampledSoftmaxCache {
  RoundedMatrix dlogits;   ///< [rows of a chunk, S]
  Matrix weight, bias;     ///< the sampled rows, [S, D] and [1, S]
  Matrix dweight, dbias;   ///< their gradients
  RowGradient of_targets;  ///< summed by token
  Matrix dtarget;          ///< x times the gradient of each row's target logit, [N, D]
  PackedMatrix w, w_transposed;
  WeightPacking packing = WeightPacking::every_pass;  ///< once: the pass before had the same sample and weights
};

/// The loss of every row and the gradient of scale * sum(loss): overwrites `gradient` and dx [N, D]. With the whole
/// vocabulary in the sample this is the full softmax.
void sampled_softmax_forward_backward(Context& context, const SoftmaxWeights& weights, const SampledIds& sample,
                                      ConstMatrixView x, std::span<const std::int32_t> targets, double scale,
                                      SampledSoftmaxCache& cache, std::span<double> loss,
                                      SampledSoftmaxGradient& gradient, MatrixView dx);

}  // namespace moelm
