#include "model/language_model.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "model/size.hpp"
#include "ops/dropout.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

constexpr Index kRowsOfATask = 64;

void copy(Context& context, ConstMatrixView from, Matrix& to) {
  to.reshape(from.rows, from.cols);
  context.parallel_ranges(from.rows, kRowsOfATask, [&](Index begin, Index end) {
    std::copy_n(from.row(begin), (end - begin) * from.cols, to.row(begin));
  });
}

void apply_sigmoid(Context& context, MatrixView x) {
  context.parallel_ranges(x.rows, kRowsOfATask, [&](Index begin, Index end) {
    kernels().sigmoid((end - begin) * x.cols, x.row(begin), x.row(begin));
  });
}

/// dy *= y (1 - y)
void sigmoid_backward(Context& context, ConstMatrixView y, MatrixView dy) {
  context.parallel_ranges(y.rows, kRowsOfATask, [&](Index begin, Index end) {
    const float* s = y.row(begin);
    float* d = dy.row(begin);
    for (Index i = 0; i < (end - begin) * y.cols; ++i) d[i] *= s[i] * (1.0f - s[i]);
  });
}

template <class T>
T& ensure_cache(LayerCache& cache) {
  if (!std::holds_alternative<T>(cache)) cache.emplace<T>();
  return std::get<T>(cache);
}

/// One pass over a batch: the common coordinates of forward and backward.
class Pass {
 public:
  Pass(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
       const PassOptions& options, ModelCache& cache)
      : context_(context), config_(config), p_(parameters), batch_(batch), options_(options), cache_(cache) {
    cache.layers.resize(p_.layers.size());
    cache.x.resize(p_.layers.size());
    if (options.training)
      positions_ =
          batch.sequence.positions(std::max(options.streams, batch.sequence.streams()), options.part.first_stream);
  }

  /// All layers but the softmax.
  void forward(ModelState& state) { forward(state, p_.layers.size() - 1); }

  /// The layers up to the last gate, and that gate alone of its layer.
  void route(ModelState& state) {
    std::size_t last = p_.layers.size();
    for (std::size_t l = 0; l < p_.layers.size(); ++l)
      if (const auto* moe = std::get_if<MoeConfig>(&config_.layers[l]); moe != nullptr && moe->gated()) last = l;
    if (last == p_.layers.size()) return;
    forward(state, last);
    moe_route(context_, std::get<MoeConfig>(config_.layers[last]), std::get<MoeParameters>(p_.layers[last]).gates,
              cache_.x[last - 1], gate_pass(last), ensure_cache<MoeLayerCache>(cache_.layers[last]).moe);
  }

  /// From cache.dx, the gradient of the softmax's input, through all layers.
  void backward(ModelGradients& gradients) {
    for (std::size_t l = p_.layers.size() - 1; l-- > 0;) {
      copy(context_, cache_.dx, cache_.dlayer);
      drop(l, cache_.dlayer);
      if (std::holds_alternative<EmbeddingParameters>(p_.layers[l])) {
        embedding_gradient(std::get<RowGradient>(gradients.layers[l]));
        return;
      }
      cache_.dprevious.reshape(batch_.rows(), cache_.x[l - 1].cols());
      if (const auto* lstm = std::get_if<LstmParameters>(&p_.layers[l])) {
        auto& cache = std::get<LstmCache>(cache_.layers[l]);
        cache.dfinal.reset(batch_.sequence.streams(), *lstm);
        lstm_backward(context_, *lstm, batch_.sequence, cache_.x[l - 1], cache_.dlayer, cache, cache.dfinal,
                      std::get<LstmParameters>(gradients.layers[l]), cache_.dprevious);
      } else {
        auto& cache = std::get<MoeLayerCache>(cache_.layers[l]);
        sigmoid_backward(context_, cache.output, cache_.dlayer);
        moe_backward(context_, std::get<MoeConfig>(config_.layers[l]), std::get<MoeParameters>(p_.layers[l]),
                     cache_.x[l - 1], cache_.dlayer, sums_of(l), cache.moe,
                     std::get<GatesParameters>(gradients.layers[l]), cache_.dprevious);
      }
      if (residual(l)) add(context_, cache_.dx, cache_.dprevious);
      cache_.dx.swap(cache_.dprevious);
    }
  }

  /// Loss of every row, and the gradient of its mean: into cache.dx and the softmax's gradients.
  void softmax_backward(LayerGradients& gradients, std::span<double> nll) {
    const Matrix& x = softmax_input();
    cache_.dx.reshape(x.rows(), x.cols());
    const double scale = 1.0 / rows_of_step();
    auto* sampled = std::get_if<SampledSoftmaxGradient>(&gradients);
    if (sampled == nullptr) {
      softmax_forward_backward(context_, softmax(), x, batch_.targets, scale, softmax_cache(), nll,
                               std::get<SoftmaxParameters>(gradients), cache_.dx);
      return;
    }
    const RandomStream stream(options_.seed, "softmax-sample", static_cast<Index>(p_.layers.size()) - 1);
    const SampledIds sample = sample_log_uniform(
        stream, options_.step, std::get<SoftmaxConfig>(config_.layers.back()).samples, softmax().weight.rows());
    SampledSoftmaxGradient part;
    sampled_softmax_forward_backward(context_, softmax(), sample, x, batch_.targets, scale,
                                     ensure_cache<SampledSoftmaxCache>(cache_.layers.back()), nll,
                                     options_.part.accumulate ? part : *sampled, cache_.dx);
    if (!options_.part.accumulate) return;
    add_rows(part.weight, sampled->weight);
    add_rows(part.bias, sampled->bias);
  }

  const RoutingSums& sums_of(std::size_t l) const {
    return options_.part.sums.empty() ? routing_of(cache_, l)->sums : options_.part.sums[l];
  }

  double rows_of_step() const {
    return static_cast<double>(options_.part.rows > 0 ? options_.part.rows : batch_.rows());
  }

  SoftmaxCache& softmax_cache() {
    auto& cache = ensure_cache<SoftmaxCache>(cache_.layers.back());
    cache.weights = softmax().weight.size() <= kMostKeptNumbers ? cache_.weights : PackedWeights::renewed;
    return cache;
  }
  const SoftmaxParameters& softmax() const { return std::get<SoftmaxParameters>(p_.layers.back()); }
  const Matrix& softmax_input() const { return cache_.x[p_.layers.size() - 2]; }

 private:
  /// Layers 0 ... end - 1.
  void forward(ModelState& state, std::size_t end) {
    for (std::size_t l = 0; l < end; ++l) {
      if (const auto* embedding = std::get_if<EmbeddingParameters>(&p_.layers[l])) {
        cache_.x[l].reshape(batch_.rows(), embedding->weight.cols());
        embedding_forward(context_, *embedding, batch_.inputs, cache_.x[l]);
      } else if (const auto* lstm = std::get_if<LstmParameters>(&p_.layers[l])) {
        auto& cache = ensure_cache<LstmCache>(cache_.layers[l]);
        cache.weights = cache_.weights;
        lstm_forward(context_, *lstm, batch_.sequence, cache_.x[l - 1], state.layers[l], cache);
        copy(context_, cache.output, cache_.x[l]);
      } else {
        forward_moe(l);
      }
      drop(l, cache_.x[l]);
      if (residual(l)) add(context_, cache_.x[l - 1], cache_.x[l]);
    }
  }

  void forward_moe(std::size_t l) {
    auto& cache = ensure_cache<MoeLayerCache>(cache_.layers[l]);
    const Matrix& x = cache_.x[l - 1];
    cache.moe.experts.weights = cache.moe.shared.weights = weights_of_experts(l);
    cache.output.reshape(x.rows(), x.cols());
    moe_forward(context_, std::get<MoeConfig>(config_.layers[l]), std::get<MoeParameters>(p_.layers[l]), x,
                gate_pass(l), cache.moe, cache.output);
    apply_sigmoid(context_, cache.output);
    copy(context_, cache.output, cache_.x[l]);
  }

  PackedWeights weights_of_experts(std::size_t l) const {
    return all_expert_weights(std::get<MoeConfig>(config_.layers[l]), cache_.x[l - 1].cols()) <= kMostKeptNumbers
               ? cache_.weights
               : PackedWeights::renewed;
  }

  GatePass gate_pass(std::size_t l) const {
    if (!options_.training) return {};
    if (options_.gate_draws.empty())
      return {true,
              gate_noise(RandomStream(options_.seed, "gate-noise", static_cast<Index>(l)), options_.step, positions_)};
    return {true, [&draws = options_.gate_draws[l]](Index row, Index first, Index count, float* out) {
              std::copy_n(draws.row(row) + first, count, out);
            }};
  }

  void embedding_gradient(RowGradient& gradient) {
    RowGradient part;
    embedding_backward(context_, batch_.inputs, cache_.dlayer, options_.part.accumulate ? part : gradient);
    if (options_.part.accumulate) add_rows(part, gradient);
  }

  void drop(std::size_t l, MatrixView x) {
    if (!options_.training) return;
    apply_dropout(
        context_,
        {RandomStream(options_.seed, "dropout", static_cast<Index>(l)), options_.step, config_.dropout, positions_}, x);
  }

  bool residual(std::size_t l) const { return l > 0 && cache_.x[l - 1].cols() == cache_.x[l].cols(); }

  Context& context_;
  const ModelConfig& config_;
  const ModelParameters& p_;
  const Batch& batch_;
  const PassOptions& options_;
  ModelCache& cache_;
  std::vector<Index> positions_;
};

}  // namespace

double Losses::total() const {
  double sum = cross_entropy;
  for (const BalanceLosses& layer : balance) sum += layer.total();
  return sum;
}

void ModelState::reset(const ModelParameters& parameters, Index streams) {
  layers.resize(parameters.layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (const auto* lstm = std::get_if<LstmParameters>(&parameters.layers[l])) layers[l].reset(streams, *lstm);
}

void ModelState::copy_from(const ModelState& other) {
  layers.resize(other.layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    layers[l].h.copy_from(other.layers[l].h);
    layers[l].c.copy_from(other.layers[l].c);
  }
}

ModelState ModelState::clone() const {
  ModelState copy;
  for (const LstmState& layer : layers) copy.layers.push_back({layer.h.clone(), layer.c.clone()});
  return copy;
}

void model_forward(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                   const PassOptions& options, ModelState& state, ModelCache& cache) {
  Pass(context, config, parameters, batch, options, cache).forward(state);
}

void model_score(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                 ModelState& state, ModelCache& cache, std::span<double> nll) {
  const PassOptions options;
  Pass pass(context, config, parameters, batch, options, cache);
  pass.forward(state);
  softmax_forward(context, pass.softmax(), pass.softmax_input(), batch.targets, pass.softmax_cache(), nll);
}

Losses model_gradients(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                       const Batch& batch, const PassOptions& options, ModelState& state, ModelCache& cache,
                       ModelGradients& gradients, std::span<double> nll) {
  if (!options.part.accumulate) gradients.zero();
  Pass pass(context, config, parameters, batch, options, cache);
  pass.forward(state);
  pass.softmax_backward(gradients.layers.back(), nll);
  pass.backward(gradients);

  Losses losses;
  for (const double row : nll) losses.cross_entropy += row / pass.rows_of_step();
  losses.balance.resize(parameters.layers.size());
  for (std::size_t l = 0; l < parameters.layers.size(); ++l)
    if (routing_of(cache, l) != nullptr)
      losses.balance[l] = balance_losses(std::get<MoeConfig>(config.layers[l]), pass.sums_of(l));
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

const Routing* routing_of(const ModelCache& cache, std::size_t layer) {
  const auto* moe = std::get_if<MoeLayerCache>(&cache.layers[layer]);
  return moe == nullptr ? nullptr : &moe->moe.routing;
}

}  // namespace moelm
