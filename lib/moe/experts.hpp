// The experts: feed-forward networks without biases, ReLU between their matrices (appendix C.1), each over its own
// contiguous rows.
#pragma once

#include <vector>

#include "base/context.hpp"
#include "moe/dispatch.hpp"
#include "ops/gemm.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// Matrices of one expert: weight[0] [F, D], ..., weight.back() [D, F]; y = W_n relu(... relu(W_0 x)).
struct ExpertParameters {
  std::vector<Matrix> weight;
};

/// What the experts' gradients are made of, and the memory of a pass; one a worker. For matrix j of expert e
/// dW = sum over its slots of gradient[j][slot] * input[j][slot]^T; dW itself is formed only when the optimizer wants
/// it.
struct ExpertsCache {
  std::vector<Matrix> input;     ///< input[j] [N * k, columns of matrix j]; input[0] holds the routed rows
  Matrix output;                 ///< [N * k, D]
  std::vector<Matrix> gradient;  ///< gradient[j] [N * k, rows of matrix j]
  Matrix dinput;                 ///< [N * k, D]
  std::vector<std::vector<PackedMatrix>> packed;  ///< [threads][matrices]
};

/// cache.output = the experts of cache.input[0] (filled by dispatch_rows).
void experts_forward(Context& context, const std::vector<ExpertParameters>& experts, const Dispatch& dispatch,
                     ExpertsCache& cache);

/// From cache.gradient.back(), the gradient of the output, fills the other gradients and cache.dinput.
void experts_backward(Context& context, const std::vector<ExpertParameters>& experts, const Dispatch& dispatch,
                      ExpertsCache& cache);

/// dW of matrix j of expert e, overwriting `out`.
void form_expert_gradient(Context& context, const Dispatch& dispatch, const ExpertsCache& cache, Index expert, Index j,
                          MatrixView out);

}  // namespace moelm
