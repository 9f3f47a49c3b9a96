// The language model of figure 1: tokens through the list of layers to the loss, and back.
//   x_0 = drop(embedding);  x_l = x_{l-1} + drop(layer_l(x_{l-1})), without the sum where widths differ;
//   unless moe.output is none the combined MoE output passes through a sigmoid before dropout.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "base/context.hpp"
#include "config/model_config.hpp"
#include "model/batch.hpp"
#include "model/model_state.hpp"
#include "model/parameters.hpp"
#include "moe/balance_window.hpp"

namespace moelm {

/// Memory of the MoE layer's output beside that of its parts.
struct MoeLayerCache {
  MoeCache moe;
  Matrix output;  ///< the combined output, behind the sigmoid where there is one, [N, D]
};

using LayerCache =
    std::variant<std::monostate, LstmCache, MoeLayerCache, SoftmaxCache, SampledSoftmaxCache, AdaptiveSoftmaxCache>;

/// What backward needs, and the memory of a pass. For one pass at a time, whose threads share it.
struct ModelCache {
  /// Once in evaluation: the weights are the same in all passes of this cache.
  WeightPacking packing = WeightPacking::every_pass;
  /// In a step over lanes: the cache of the rank's first lane with rows, if that is another one. Its softmax has packed
  /// the weights, or the sample of them, and works for this lane too. Must outlive the pass.
  ModelCache* packed = nullptr;
  std::vector<LayerCache> layers;
  std::vector<Matrix> x;       ///< x[l] [N, width], the output of layer l
  RowGradient embedding_rows;  ///< of a pass, before they are added to a gradient that has other parts
  Matrix dlayer, dx, dprevious;
};

/// Facts about the whole optimizer step, for a pass that computes only a part of it (a micro-batch).
struct StepPart {
  Index first_stream = 0;                  ///< number in the step of the batch's first stream
  Index rows = 0;                          ///< predicted tokens of the whole step; 0: the pass is the step
  bool accumulate = false;                 ///< adds to the gradients of the parts before instead of overwriting them
  std::span<const RoutingSums> sums = {};  ///< sums of the routing over the whole step, one entry per layer
};

/// How a pass is run. Evaluation has neither dropout nor gate noise.
struct PassOptions {
  bool training = false;
  std::uint64_t seed = 0;
  Index step = 0;     ///< optimizer step, a coordinate of all random numbers
  Index streams = 0;  ///< B of the whole optimizer step, for the rows' positions

  /// Gate noise (standard normal) to use instead of noise drawn from the seed, one matrix per layer. A noisy gate needs
  /// [N, E], a hierarchical one [N, E + A]: experts first, then groups. If empty, noise is drawn from the seed.
  std::span<const Matrix> gate_draws = {};

  /// The steps before, one entry per layer, for the balancing losses. Empty: the step stands for itself.
  std::span<const BalanceWindow> windows = {};

  StepPart part = {};
  bool full_softmax = false;  ///< the full softmax, although the softmax samples in training
  double zero_state = 0;      ///< probability that a stream begins the step with the zero state
};

/// The terms of the loss of one optimizer step.
struct Losses {
  double cross_entropy = 0;            ///< mean nats a predicted token, over the sample where the softmax samples
  std::vector<BalanceLosses> balance;  ///< one entry per layer, zero where there is no MoE

  /// The sum that is minimised.
  double total() const;
};

/// The balancing losses of a step with these sums of its routing, one entry per layer. `windows` as in PassOptions.
/// REQUIRES the sums of every layer with a gate.
std::vector<BalanceLosses> balance_of_step(const ModelConfig& config, std::span<const RoutingSums> sums,
                                           std::span<const BalanceWindow> windows);

/// Runs all layers up to the softmax: cache.x of the last layer but one holds its input. Advances `state`. If the
/// leader of several ranks evaluates, this also orders the followers to serve their experts.
void model_forward(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                   const PassOptions& options, ModelState& state, ModelCache& cache);

/// nll of every row in nats, in evaluation.
void model_score(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                 ModelState& state, ModelCache& cache, std::span<double> nll);

/// Forward and backward pass of a training step, or of one part of it. Returns the losses and fills `nll` and
/// `gradients`. The factors of the experts' gradients stay in the cache. For a part, the cross-entropy is the part's
/// share of the step's mean, and the balancing losses are those of the whole step.
Losses model_gradients(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                       const Batch& batch, const PassOptions& options, ModelState& state, ModelCache& cache,
                       ModelGradients& gradients, std::span<double> nll);

/// For a rank without rows, in evaluation: lets the other ranks use its experts in their model_forward or model_score.
/// REQUIRES parameters of several ranks.
void model_serve(Context& context, const ModelConfig& config, const ModelParameters& parameters, ModelCache& cache);

/// Computes only the routing of a training pass: runs the layers up to the last gate and leaves the routing of every
/// layer with a gate in the cache.
void model_routing(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                   const PassOptions& options, ModelState& state, ModelCache& cache);

/// The input of the softmax in the last pass, [N, width]. REQUIRES a pass.
const Matrix& softmax_input(const ModelCache& cache);

/// The MoE routing of layer `layer` in the last pass; null if it is no MoE layer.
const Routing* routing_of(const ModelCache& cache, std::size_t layer);

/// Adds the sums of the routing in the last pass to `sums`, one entry per layer.
void add_routing(const ModelCache& cache, std::vector<RoutingSums>& sums);

}  // namespace moelm
