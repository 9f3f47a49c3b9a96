#include "model/output_layer.hpp"

#include <utility>

#include "model/layer_cache.hpp"

namespace moelm {

namespace {

/// A tied softmax reads the table of the embedding.
SoftmaxWeights softmax_weights(const ModelConfig& config, const ModelParameters& p) {
  const auto& own = std::get<SoftmaxParameters>(p.layers.back());
  return {config.tied ? std::get<EmbeddingParameters>(p.layers.front()).weight : own.weight, own.bias};
}

AdaptiveSoftmaxWeights adaptive_weights(const ModelConfig& config, const ModelParameters& p) {
  const auto& own = std::get<AdaptiveSoftmaxParameters>(p.layers.back());
  if (!config.tied) return own;
  return {own, std::get<EmbeddingParameters>(p.layers.front()).weight};
}

/// The cache of a pass in evaluation.
AdaptiveSoftmaxCache& scoring_cache(const AdaptiveSoftmaxWeights& p, ModelCache& cache) {
  auto& own = ensure_cache<AdaptiveSoftmaxCache>(cache.layers.back());
  own.packing = packing_of(cache, p.elements());
  return own;
}

SoftmaxCache& scoring_cache(const SoftmaxWeights& weights, ModelCache& cache) {
  auto& own = ensure_cache<SoftmaxCache>(cache.layers.back());
  own.packing = packing_of(cache, weights.weight.size());
  return own;
}

/// One backward pass of the output layer.
class OutputPass {
 public:
  OutputPass(Context& context, const ModelConfig& config, const ModelParameters& parameters, ConstMatrixView x,
             std::span<const std::int32_t> targets, const PassOptions& options, double scale, ModelCache& cache,
             ModelGradients& gradients, std::span<double> nll, MatrixView dx)
      : context_(context),
        config_(config),
        p_(parameters),
        x_(x),
        targets_(targets),
        options_(options),
        scale_(scale),
        cache_(cache),
        gradients_(gradients),
        nll_(nll),
        dx_(dx) {}

  void backward(AdaptiveSoftmaxParameters& own) {
    auto& cache = training_cache<AdaptiveSoftmaxCache>();
    const MatrixView table =
        config_.tied ? std::get<EmbeddingParameters>(gradients_.layers.front()).weight.view() : MatrixView{};
    adaptive_softmax_forward_backward(context_, adaptive_weights(config_, p_), x_, targets_, scale_, cache, nll_,
                                      {own, table}, dx_);
  }

  void backward(SoftmaxParameters& own) {
    Matrix& table = config_.tied ? std::get<EmbeddingParameters>(gradients_.layers.front()).weight : own.weight;
    full(table, own.bias.values());
  }

  void backward(SampledSoftmaxGradient& own) {
    RowGradient& table = config_.tied ? std::get<RowGradient>(gradients_.layers.front()) : own.weight;
    options_.full_softmax ? full_in_rows(own, table) : sampled(own, table);
  }

 private:
  /// The softmax goes forward and backward at once, so passes with the same weights can use one cache.
  template <class Cache>
  Cache& training_cache() {
    ModelCache& of_model = cache_.packed == nullptr ? cache_ : *cache_.packed;
    auto& cache = ensure_cache<Cache>(of_model.layers.back());
    cache.packing = cache_.packed == nullptr ? WeightPacking::every_pass : WeightPacking::once;
    return cache;
  }

  void full(MatrixView table, std::span<float> bias) {
    softmax_forward_backward(context_, softmax_weights(config_, p_), x_, targets_, scale_,
                             training_cache<SoftmaxCache>(), nll_, {table, bias}, dx_);
  }

  /// The gradient keeps its form: it consists of all rows of the table. So moments of rows that were not sampled for
  /// some steps catch up as at any other time.
  void full_in_rows(SampledSoftmaxGradient& own, RowGradient& table) {
    if (!options_.part.accumulate) {
      const SoftmaxWeights weights = softmax_weights(config_, p_);
      take_whole_table(weights.weight.rows, weights.weight.cols, table);
      take_whole_table(weights.weight.rows, 1, own.bias);
    }
    full(table.rows, own.bias.rows.values());
  }

  void sampled(SampledSoftmaxGradient& own, RowGradient& table) {
    const RandomStream stream(options_.seed, "softmax-sample", static_cast<Index>(p_.layers.size()) - 1);
    const SoftmaxWeights weights = softmax_weights(config_, p_);
    const SampledIds sample = sample_log_uniform(
        stream, options_.step, std::get<SoftmaxConfig>(config_.layers.back()).samples, weights.weight.rows);
    SampledSoftmaxGradient part;
    sampled_softmax_forward_backward(context_, weights, sample, x_, targets_, scale_,
                                     training_cache<SampledSoftmaxCache>(), nll_, options_.part.accumulate ? part : own,
                                     dx_);
    if (options_.part.accumulate) {
      add_rows(part.weight, table);
      add_rows(part.bias, own.bias);
    } else if (config_.tied) {
      std::swap(own.weight, table);
    }
  }

  Context& context_;
  const ModelConfig& config_;
  const ModelParameters& p_;
  ConstMatrixView x_;
  std::span<const std::int32_t> targets_;
  const PassOptions& options_;
  double scale_;
  ModelCache& cache_;
  ModelGradients& gradients_;
  std::span<double> nll_;
  MatrixView dx_;
};

}  // namespace

void output_score(Context& context, const ModelConfig& config, const ModelParameters& parameters, ConstMatrixView x,
                  std::span<const std::int32_t> targets, ModelCache& cache, std::span<double> nll) {
  if (std::holds_alternative<AdaptiveSoftmaxParameters>(parameters.layers.back())) {
    const AdaptiveSoftmaxWeights weights = adaptive_weights(config, parameters);
    return adaptive_softmax_forward(context, weights, x, targets, scoring_cache(weights, cache), nll);
  }
  const SoftmaxWeights weights = softmax_weights(config, parameters);
  softmax_forward(context, weights, x, targets, scoring_cache(weights, cache), nll);
}

void output_log_probabilities(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                              ConstMatrixView x, ModelCache& cache, MatrixView log_probabilities) {
  if (std::holds_alternative<AdaptiveSoftmaxParameters>(parameters.layers.back())) {
    const AdaptiveSoftmaxWeights weights = adaptive_weights(config, parameters);
    return adaptive_softmax_log_probabilities(context, weights, x, scoring_cache(weights, cache), log_probabilities);
  }
  const SoftmaxWeights weights = softmax_weights(config, parameters);
  softmax_log_probabilities(context, weights, x, scoring_cache(weights, cache), log_probabilities);
}

void output_backward(Context& context, const ModelConfig& config, const ModelParameters& parameters, ConstMatrixView x,
                     std::span<const std::int32_t> targets, const PassOptions& options, double rows_of_step,
                     ModelCache& cache, ModelGradients& gradients, std::span<double> nll, MatrixView dx) {
  OutputPass pass(context, config, parameters, x, targets, options, 1 / rows_of_step, cache, gradients, nll, dx);
  LayerGradients& own = gradients.layers.back();
  if (auto* adaptive = std::get_if<AdaptiveSoftmaxParameters>(&own)) return pass.backward(*adaptive);
  if (auto* sampled = std::get_if<SampledSoftmaxGradient>(&own)) return pass.backward(*sampled);
  pass.backward(std::get<SoftmaxParameters>(own));
}

}  // namespace moelm
