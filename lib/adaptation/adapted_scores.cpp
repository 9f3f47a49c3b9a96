#include "adaptation/adapted_scores.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/error.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"

namespace moelm {

AdaptedScores::AdaptedScores(Context& context, const TrainedModel& trained, const Adaptation& adaptation)
    : adaptation_(adaptation) {
  if (adaptation.dynamic) dynamic_.emplace(context, trained, *adaptation.dynamic);
  if (adaptation.cache) cache_.emplace(context, adaptation.cache->window, input_widths(trained.config).back());
}

void AdaptedScores::operator()(const Batch& batch, const ModelCache& cache, std::span<double> nll) {
  ensure(batch.sequence.streams() <= 1, "a text is adapted to in its order");
  for (const double row : nll) static_nll_ += row;
  if (dynamic_) {
    dynamic_->score(batch, nll, h_);
    if (!std::all_of(nll.begin(), nll.end(), [](double row) { return is_finite(row); }))
      throw Error(Exit::diverged, "dynamic evaluation: nll: expected finite numbers, found others at lr " +
                                      format_number(adaptation_.dynamic->lr) + "; give a smaller --dynamic-lr");
  }
  if (!cache_) return;
  p_cache_.resize(nll.size());
  cache_->target_probabilities(dynamic_ ? h_ : softmax_input(cache), batch.targets, {&adaptation_.cache->theta, 1},
                               p_cache_);
  for (std::size_t r = 0; r < nll.size(); ++r) nll[r] = mixed_nll(adaptation_.cache->lambda, p_cache_[r], nll[r]);
}

double adaptation_bytes(const ModelConfig& config, const ModelParameters& parameters, const Adaptation& adaptation,
                        Index tokens) {
  double bytes = 0;
  if (adaptation.cache) bytes += NeuralCache::bytes(adaptation.cache->window, input_widths(config).back(), tokens);
  if (adaptation.dynamic) {
    Index weights = 0;
    for (const LayerTensors& layer : parameters.tensors)
      for (const TensorBlock& block : layer)
        for (const TensorSpec& spec : block.tensors) weights += block.copies * spec.rows * spec.columns;
    bytes += DynamicModel::bytes(weights);
  }
  return bytes;
}

}  // namespace moelm
