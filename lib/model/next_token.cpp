#include "model/next_token.hpp"

#include <variant>
#include <vector>

#include "base/check.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

/// The input of the softmax in the last pass.
const Matrix& softmax_input(const ModelCache& cache) {
  ensure(cache.x.size() >= 2, "a pass has been made");
  return cache.x[cache.x.size() - 2];
}

/// Very large layers keep no packed copy of their weights.
SoftmaxCache& softmax_cache(const SoftmaxWeights& weights, ModelCache& cache) {
  LayerCache& layer = cache.layers.back();
  if (!std::holds_alternative<SoftmaxCache>(layer)) layer.emplace<SoftmaxCache>();
  auto& softmax = std::get<SoftmaxCache>(layer);
  softmax.packing = weights.weight.size() <= kMaxCachedElements ? cache.packing : WeightPacking::every_pass;
  return softmax;
}

}  // namespace

SoftmaxWeights softmax_weights(const ModelConfig& config, const ModelParameters& parameters) {
  const auto& own = std::get<SoftmaxParameters>(parameters.layers.back());
  return {config.tied ? std::get<EmbeddingParameters>(parameters.layers.front()).weight : own.weight, own.bias};
}

void next_token_log_probabilities(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                                  ModelCache& cache, MatrixView log_probabilities) {
  const SoftmaxWeights weights = softmax_weights(config, parameters);
  softmax_log_probabilities(context, weights, softmax_input(cache), softmax_cache(weights, cache), log_probabilities);
}

void next_token_nll(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                    std::span<const NextToken> next, ModelCache& cache, std::span<double> nll) {
  ensure(next.size() == nll.size(), "a score for every token");
  if (next.empty()) return;
  const SoftmaxWeights weights = softmax_weights(config, parameters);
  const Matrix& x = softmax_input(cache);
  std::vector<std::int32_t> rows, targets;
  for (const NextToken& n : next) {
    ensure(n.row >= 0 && n.row < x.rows() && n.token >= 0 && n.token < weights.weight.rows, "a row and a token");
    rows.push_back(static_cast<std::int32_t>(n.row));
    targets.push_back(n.token);
  }
  Matrix gathered(static_cast<Index>(next.size()), x.cols());
  gather_rows(context, x, rows, gathered);
  softmax_forward(context, weights, gathered, targets, softmax_cache(weights, cache), nll);
}

}  // namespace moelm
