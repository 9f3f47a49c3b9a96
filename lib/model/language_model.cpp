#include "model/language_model.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "dist/orders.hpp"
#include "model/layer_cache.hpp"
#include "model/output_layer.hpp"
#include "model/pass_masks.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

void apply_sigmoid(Context& context, MatrixView x) {
  context.parallel_ranges(x.rows, kRowsPerTask, [&](Index begin, Index end) {
    kernels().sigmoid((end - begin) * x.cols, x.row(begin), x.row(begin));
  });
}

/// dy *= y (1 - y)
void sigmoid_backward(Context& context, ConstMatrixView y, MatrixView dy) {
  context.parallel_ranges(y.rows, kRowsPerTask, [&](Index begin, Index end) {
    const float* s = y.row(begin);
    float* d = dy.row(begin);
    for (Index i = 0; i < (end - begin) * y.cols; ++i) d[i] *= s[i] * (1.0f - s[i]);
  });
}

/// One pass over a batch: figure 1 forwards and backwards.
class Pass {
 public:
  Pass(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
       const PassOptions& options, ModelCache& cache)
      : context_(context),
        config_(config),
        p_(parameters),
        batch_(batch),
        options_(options),
        masks_(config, batch.sequence, options),
        cache_(cache) {
    cache.layers.resize(p_.layers.size());
    cache.x.resize(p_.layers.size());
  }

  /// Layers 0 ... layers - 1: x_0 = drop(embedding), x_l = x_{l-1} + drop(layer_l(x_{l-1})).
  void forward(ModelState& state, std::size_t layers) {
    masks_.drop_states(state);
    for (std::size_t l = 0; l < layers; ++l) {
      std::visit([&](const auto& layer) { layer_forward(l, layer, state); }, p_.layers[l]);
      masks_.drop(context_, l, cache_.x[l]);
      if (residual(l)) add(context_, cache_.x[l - 1], cache_.x[l]);
    }
  }

  /// All layers but the softmax.
  void forward(ModelState& state) { forward(state, p_.layers.size() - 1); }

  /// Runs the layers up to the last gate. Of the gate's own layer, only the gate runs.
  void route(ModelState& state) {
    std::size_t last = p_.layers.size();
    for (std::size_t l = 0; l < p_.layers.size(); ++l)
      if (const auto* moe = std::get_if<MoeConfig>(&config_.layers[l]); moe != nullptr && moe->has_gate()) last = l;
    if (last == p_.layers.size()) return;
    forward(state, last);
    moe_route(context_, moe_config(last), std::get<MoeParameters>(p_.layers[last]).gates, cache_.x[last - 1],
              gate_pass(last), ensure_cache<MoeLayerCache>(cache_.layers[last]).moe);
  }

  /// From cache.dx, the gradient of the softmax's input, through all layers.
  void backward(ModelGradients& gradients, const LayerDone& done) {
    for (std::size_t l = p_.layers.size() - 1; l-- > 0;) {
      copy_rows(context_, cache_.dx, cache_.dlayer);
      masks_.drop(context_, l, cache_.dlayer);
      if (l > 0) cache_.dprevious.reshape(batch_.rows(), cache_.x[l - 1].cols());
      std::visit([&](const auto& layer) { layer_backward(l, layer, gradients.layers[l]); }, p_.layers[l]);
      done(l);
      if (l == 0) return;
      if (residual(l)) add(context_, cache_.dx, cache_.dprevious);
      cache_.dx.swap(cache_.dprevious);
    }
  }

  /// nll of every row.
  void score(std::span<double> nll) {
    output_score(context_, config_, p_, softmax_input(cache_), batch_.targets, cache_, nll);
  }

  /// nll of every row, and the gradient of its mean: into cache.dx and the softmax's gradients.
  void softmax_backward(ModelGradients& gradients, std::span<double> nll) {
    const Matrix& x = softmax_input(cache_);
    cache_.dx.reshape(x.rows(), x.cols());
    output_backward(context_, config_, p_, x, batch_.targets, options_, rows_of_step(), cache_, gradients, nll,
                    cache_.dx);
  }

  /// The sums that the balancing losses look at: of the whole step, and of the steps before if there is a window. A
  /// layer without a gate has none; route() does not even reach those behind the last gate.
  RoutingSums sums_of(std::size_t l) const {
    if (!moe_config(l).has_gate()) return {};
    const RoutingSums& step = options_.part.sums.empty() ? routing_of(cache_, l)->sums : options_.part.sums[l];
    return options_.windows.empty() ? step : options_.windows[l].with(step);
  }

  /// A layer with the weights that its balancing losses have over these sums.
  MoeConfig balanced(std::size_t l) const {
    return options_.windows.empty() ? moe_config(l) : options_.windows[l].weighted(moe_config(l));
  }

  double rows_of_step() const {
    return static_cast<double>(options_.part.rows > 0 ? options_.part.rows : batch_.rows());
  }

 private:
  // One layer after the other, forward and backward side by side. Forward reads x[l - 1] and writes x[l]; backward
  // reads dlayer, the gradient of the layer's output, adds to the gradients and writes dprevious, that of its input.

  void layer_forward(std::size_t l, const EmbeddingParameters& p, ModelState&) {
    cache_.x[l].reshape(batch_.rows(), p.weight.cols());
    embedding_forward(context_, p, batch_.inputs, cache_.x[l]);
    masks_.drop_tokens(context_, batch_.inputs, cache_.x[l]);
  }
  void layer_backward(std::size_t, const EmbeddingParameters&, LayerGradients& gradients) {
    masks_.drop_tokens(context_, batch_.inputs, cache_.dlayer);
    auto* rows = std::get_if<RowGradient>(&gradients);
    if (rows != nullptr && !options_.part.accumulate && !config_.tied)
      return embedding_backward(context_, batch_.inputs, cache_.dlayer, *rows);
    RowGradient& part = cache_.embedding_rows;
    embedding_backward(context_, batch_.inputs, cache_.dlayer, part);
    if (rows != nullptr)
      add_rows(part, *rows);
    else
      add_rows(part, std::get<EmbeddingParameters>(gradients).weight);
  }

  void layer_forward(std::size_t l, const LstmParameters& p, ModelState& state) {
    auto& cache = ensure_cache<LstmCache>(cache_.layers[l]);
    cache.packing = cache_.packing;
    cache.weight_drop = masks_.weight_drop(l);
    lstm_forward(context_, p, batch_.sequence, cache_.x[l - 1], state.layers[l], cache);
    copy_rows(context_, cache.output, cache_.x[l]);
  }
  void layer_backward(std::size_t l, const LstmParameters& p, LayerGradients& gradients) {
    auto& cache = std::get<LstmCache>(cache_.layers[l]);
    cache.dfinal.reset(batch_.sequence.streams(), p);
    lstm_backward(context_, p, batch_.sequence, cache_.x[l - 1], cache_.dlayer, cache, cache.dfinal,
                  std::get<LstmParameters>(gradients), cache_.dprevious);
  }

  /// The combined output of the experts may pass through a sigmoid (appendix C.1).
  void layer_forward(std::size_t l, const MoeParameters& p, ModelState&) {
    auto& cache = ensure_cache<MoeLayerCache>(cache_.layers[l]);
    const Matrix& x = cache_.x[l - 1];
    cache.moe.experts.packing = cache.moe.shared.packing = packing_of(cache_, p.elements());
    cache.moe.masks = masks_.moe(l);
    cache.output.reshape(x.rows(), x.cols());
    moe_forward(context_, moe_config(l), p, x, gate_pass(l), cache.moe, cache.output);
    if (moe_config(l).output == MoeOutput::sigmoid) apply_sigmoid(context_, cache.output);
    copy_rows(context_, cache.output, cache_.x[l]);
  }
  void layer_backward(std::size_t l, const MoeParameters& p, LayerGradients& gradients) {
    auto& cache = std::get<MoeLayerCache>(cache_.layers[l]);
    if (moe_config(l).output == MoeOutput::sigmoid) sigmoid_backward(context_, cache.output, cache_.dlayer);
    moe_backward(context_, balanced(l), p, cache_.x[l - 1], cache_.dlayer, sums_of(l), cache.moe,
                 std::get<GatesParameters>(gradients), cache_.dprevious);
  }

  /// The softmax is the last layer: score() and softmax_backward().
  void layer_forward(std::size_t, const SoftmaxParameters&, ModelState&) {}
  void layer_backward(std::size_t, const SoftmaxParameters&, LayerGradients&) {}
  void layer_forward(std::size_t, const AdaptiveSoftmaxParameters&, ModelState&) {}
  void layer_backward(std::size_t, const AdaptiveSoftmaxParameters&, LayerGradients&) {}

  const MoeConfig& moe_config(std::size_t l) const { return std::get<MoeConfig>(config_.layers[l]); }

  GatePass gate_pass(std::size_t l) const {
    if (!options_.training) return {};
    if (options_.gate_draws.empty())
      return {true, gate_noise(RandomStream(options_.seed, "gate-noise", static_cast<Index>(l)), options_.step,
                               masks_.positions())};
    return {true, [&draws = options_.gate_draws[l]](Index row, Index first, Index count, float* out) {
              std::copy_n(draws.row(row) + first, count, out);
            }};
  }

  bool residual(std::size_t l) const { return l > 0 && cache_.x[l - 1].cols() == cache_.x[l].cols(); }

  Context& context_;
  const ModelConfig& config_;
  const ModelParameters& p_;
  const Batch& batch_;
  const PassOptions& options_;
  PassMasks masks_;
  ModelCache& cache_;
};

/// The others, if this is a pass in evaluation by the leader of several ranks, whose rows need their experts.
Communicator* others_of(const ModelParameters& parameters, const PassOptions& options) {
  return !options.training && parameters.ranks != nullptr && parameters.ranks->leads() ? parameters.ranks : nullptr;
}

}  // namespace

double Losses::total() const {
  double sum = cross_entropy;
  for (const BalanceLosses& layer : balance) sum += layer.total();
  return sum;
}

void model_forward(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                   const PassOptions& options, ModelState& state, ModelCache& cache) {
  Communicator* const others = others_of(parameters, options);
  if (others != nullptr) give_order(*others, Order::pass);
  const Together together(others);
  Pass(context, config, parameters, batch, options, cache).forward(state);
}

void model_score(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                 ModelState& state, ModelCache& cache, std::span<double> nll) {
  const PassOptions options;
  model_forward(context, config, parameters, batch, options, state, cache);
  Pass(context, config, parameters, batch, options, cache).score(nll);
}

Losses model_gradients(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                       const Batch& batch, const PassOptions& options, ModelState& state, ModelCache& cache,
                       ModelGradients& gradients, std::span<double> nll) {
  Pass(context, config, parameters, batch, options, cache).forward(state);
  return model_backward(context, config, parameters, batch, options, cache, gradients, nll, [](std::size_t) {});
}

Losses model_backward(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                      const Batch& batch, const PassOptions& options, ModelCache& cache, ModelGradients& gradients,
                      std::span<double> nll, const LayerDone& done) {
  if (!options.part.accumulate) gradients.zero();
  Pass pass(context, config, parameters, batch, options, cache);
  pass.softmax_backward(gradients, nll);
  done(parameters.layers.size() - 1);
  pass.backward(gradients, done);

  Losses losses;
  for (const double row : nll) losses.cross_entropy += row / pass.rows_of_step();
  losses.balance.resize(parameters.layers.size());
  for (std::size_t l = 0; l < parameters.layers.size(); ++l)
    if (routing_of(cache, l) != nullptr) losses.balance[l] = balance_losses(pass.balanced(l), pass.sums_of(l));
  return losses;
}

void model_routing(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                   const PassOptions& options, ModelState& state, ModelCache& cache) {
  Pass(context, config, parameters, batch, options, cache).route(state);
}

void add_routing(const ModelCache& cache, std::vector<RoutingSums>& sums) {
  sums.resize(cache.layers.size());
  for (std::size_t l = 0; l < sums.size(); ++l)
    if (const Routing* routing = routing_of(cache, l)) sums[l].add(routing->sums);
}

const Matrix& softmax_input(const ModelCache& cache) {
  ensure(cache.x.size() >= 2, "a pass has been made");
  return cache.x[cache.x.size() - 2];
}

const Routing* routing_of(const ModelCache& cache, std::size_t layer) {
  const auto* moe = std::get_if<MoeLayerCache>(&cache.layers[layer]);
  return moe == nullptr ? nullptr : &moe->moe.routing;
}

}  // namespace moelm
