// The experts: feed-forward networks without biases, ReLU between their matrices (appendix C.1), each over its own
// contiguous rows.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "base/random.hpp"
#include "config/moe_config.hpp"
#include "config/tensor_spec.hpp"
#include "moe/dispatch.hpp"
#include "ops/gemm.hpp"
#include "tensor/bf16_matrix.hpp"
#include "tensor/matrix.hpp"
#include "tensor/tensor_pointer.hpp"

namespace moelm {

/// Matrices of one expert: W_0 [F, D], ..., W_n [D, F]; y = W_n relu(... relu(W_0 x)). They are kept in single
/// precision or in bfloat16; of the two lists the other is empty.
struct ExpertParameters {
  std::vector<Matrix> weight;
  std::vector<Bf16Matrix> bf16_weight;

  Index elements() const {
    Index sum = 0;
    for (std::size_t j = 0; j < matrices(); ++j) sum += rows(j) * cols(j);
    return sum;
  }
  std::size_t matrices() const { return weight.size() + bf16_weight.size(); }
  Index rows(std::size_t j) const { return weight.empty() ? bf16_weight[j].rows() : weight[j].rows(); }
  Index cols(std::size_t j) const { return weight.empty() ? bf16_weight[j].cols() : weight[j].cols(); }
};

/// The tensors of one expert that reads and writes `width` units, and their places in the parameters in the same order.
std::vector<TensorSpec> expert_tensors(const MoeConfig& config, Index width);
std::vector<TensorPointer> tensor_pointers(ExpertParameters& p);

/// The factors of the experts' gradients. For matrix j of expert e, dW is the sum of gradient[j][slot] input[j][slot]^T
/// over the expert's slots, offset[e] ... offset[e + 1] - 1. dW is formed only when the optimizer updates the expert.
struct ExpertFactors {
  std::vector<Index> offset;     ///< [E + 1]
  std::vector<Matrix> input;     ///< input[j] [slots, columns of matrix j]; input[0] holds the routed rows, the hidden
                                 ///< layers are empty if they are recomputed
  std::vector<Matrix> gradient;  ///< gradient[j] [slots, rows of matrix j]
  std::vector<Index> position;   ///< of every slot's row in the whole step, where hidden units are dropped

  Index rows_of(Index expert) const {
    return offset[static_cast<std::size_t>(expert) + 1] - offset[static_cast<std::size_t>(expert)];
  }
};

/// Dropout of the units of hidden layers, after the ReLU. A unit's number is a function of the position of its row in
/// the whole step, the expert, the hidden layer and the unit; what is kept is divided by 1 - rate.
struct HiddenDropout {
  RandomStream stream;
  Index step;
  double rate;        ///< 0 < rate < 1
  Index first = 0;    ///< number of the first expert of a pass
  Index experts = 1;  ///< of the layer
};

/// The memory of a pass through the experts. For one pass at a time, whose threads share it.
struct ExpertsCache {
  ExpertFactors factors;
  Matrix output;                                  ///< [slots, D]
  Matrix dinput;                                  ///< [slots, D]
  std::vector<std::vector<PackedMatrix>> packed;  ///< [threads][matrices], where weights are kept [experts][matrices]
  WeightPacking packing = WeightPacking::every_pass;
  std::vector<std::vector<Matrix>> hidden;  ///< [threads][hidden layers]: some rows, where they are recomputed
  std::optional<HiddenDropout> dropout;     ///< for callers, with factors.position
};

/// Whether hidden layers are kept for backward, or computed again there and once more for dW (appendix D). Both give
/// the same bits.
enum class HiddenLayers { kept, recomputed };

/// Applies the experts to cache.factors.input[0] (filled by dispatch_rows) and writes cache.output. `dispatch` gives
/// the slots of each expert.
void experts_forward(Context& context, std::span<const ExpertParameters> experts, const Dispatch& dispatch,
                     HiddenLayers hidden, ExpertsCache& cache);

/// From cache.factors.gradient.back(), the gradient of the output, fills the other gradients and cache.dinput.
void experts_backward(Context& context, std::span<const ExpertParameters> experts, HiddenLayers hidden,
                      ExpertsCache& cache);

/// The maximum number of an expert's rows that are added to its gradient, and recomputed, at a time.
inline constexpr Index kRowsOfGradient = 2048;

/// Overwrites `out` with dW of matrix j of expert e over all parts of a step; runs in the calling task. If hidden
/// layers are recomputed, matrices 0 ... j-1 must not have changed since the pass, so matrices are updated from the
/// last to the first.
void form_expert_gradient(Context& context, const ExpertParameters& expert, std::span<const ExpertFactors* const> parts,
                          Index e, Index j, ExpertsCache& cache, MatrixView out);

}  // namespace moelm
