// One pass over a batch, a layer at a time: figure 1 forwards and backwards.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "model/language_model.hpp"
#include "model/pass_masks.hpp"

namespace moelm {

/// What the balancing losses of an MoE layer see of a step: with the steps before, if there is a window.
struct Balance {
  MoeConfig config;  ///< the layer with the weights that the losses have over these sums
  RoutingSums sums;  ///< none of a layer without a gate
};

/// Of layer l in a step with these sums. A layer without a gate needs none.
Balance balance_of(const ModelConfig& config, std::size_t l, const RoutingSums& step,
                   std::span<const BalanceWindow> windows);

/// Leaves in the cache what backward and the optimizer need. References have to outlive it. Not thread-safe.
class Pass {
 public:
  Pass(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
       const PassOptions& options, ModelCache& cache);

  /// All layers but the softmax. Advances `state`.
  void forward(ModelState& state);

  /// The layers up to the last gate. Of the gate's own layer, only the gate runs.
  void forward_to_gate(ModelState& state);

  /// nll of every row, in evaluation. REQUIRES forward().
  void score(std::span<double> nll);

  /// nll of every row, and the gradient of its mean over the step: into cache.dx and the softmax's gradients.
  void softmax_backward(ModelGradients& gradients, std::span<double> nll);

  /// From cache.dx, the gradient of the softmax's input, through all other layers.
  void backward(ModelGradients& gradients);

  // The parts of forward() and backward(), for passes that are made together. Instead of forward_layer() the caller may
  // fill cache.x[l] and call finish_forward(). Instead of backward_layer() it may call begin_backward(), fill
  // cache.dprevious from cache.dlayer, and call finish_backward().

  /// What comes before the first layer: some streams begin with the zero state.
  void begin(ModelState& state);
  void forward_layer(std::size_t l, ModelState& state);
  /// Dropout and the residual sum.
  void finish_forward(std::size_t l);

  void backward_layer(std::size_t l, ModelGradients& gradients);
  void begin_backward(std::size_t l);
  void finish_backward(std::size_t l);

  /// The gates of an MoE layer alone, and the way from the combined output of the experts, [N, D], to cache.x[l].
  void route(std::size_t l);
  void take_output(std::size_t l, ConstMatrixView y);
  /// Backwards: cache.dlayer becomes the gradient of the combined output, and cache.dprevious gets the part of the
  /// gates.
  void activate_backward(std::size_t l);
  void route_backward(std::size_t l, ModelGradients& gradients);

  /// The random numbers of an MoE layer, and the recurrent weights that an LSTM leaves out; none in evaluation.
  std::optional<MoeMasks> moe_masks(std::size_t l) const { return masks_.moe(l); }
  std::optional<WeightDrop> weight_drop(std::size_t l) const { return masks_.weight_drop(l); }

  double rows_of_step() const;

 private:
  // Forward reads x[l - 1] and writes x[l]; backward reads dlayer, the gradient of the layer's output, adds to the
  // gradients and writes dprevious, that of its input.
  void layer_forward(std::size_t l, const EmbeddingParameters& p, ModelState& state);
  void layer_forward(std::size_t l, const LstmParameters& p, ModelState& state);
  void layer_forward(std::size_t l, const MoeParameters& p, ModelState& state);
  void layer_backward(std::size_t l, const EmbeddingParameters& p, LayerGradients& gradients);
  void layer_backward(std::size_t l, const LstmParameters& p, LayerGradients& gradients);
  void layer_backward(std::size_t l, const MoeParameters& p, LayerGradients& gradients);
  // The softmax is the last layer: score() and softmax_backward().
  void layer_forward(std::size_t, const SoftmaxParameters&, ModelState&) {}
  void layer_forward(std::size_t, const AdaptiveSoftmaxParameters&, ModelState&) {}
  void layer_backward(std::size_t, const SoftmaxParameters&, LayerGradients&) {}
  void layer_backward(std::size_t, const AdaptiveSoftmaxParameters&, LayerGradients&) {}

  /// The balance of the whole step, of which this pass may be one part.
  Balance balance(std::size_t l) const;
  void forward(ModelState& state, std::size_t layers);
  /// From the combined output to the output of the layer.
  void activate(std::size_t l);
  bool residual(std::size_t l) const { return l > 0 && cache_.x[l - 1].cols() == cache_.x[l].cols(); }
  const MoeConfig& moe_config(std::size_t l) const { return std::get<MoeConfig>(config_.layers[l]); }
  MoeLayerCache& moe_cache(std::size_t l) { return std::get<MoeLayerCache>(cache_.layers[l]); }
  GatePass gate_pass(std::size_t l) const;

  Context& context_;
  const ModelConfig& config_;
  const ModelParameters& p_;
  const Batch& batch_;
  const PassOptions& options_;
  PassMasks masks_;
  ModelCache& cache_;
};

}  // namespace moelm
