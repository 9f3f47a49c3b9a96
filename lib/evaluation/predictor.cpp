#include "evaluation/predictor.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace moelm {

Predictor::Predictor(Context& context, const ModelConfig& config, const ModelParameters& parameters)
    : context_(context), config_(config), parameters_(parameters) {
  cache_.packing = WeightPacking::once;
}

Index Predictor::vocabulary() const { return vocabulary_of(parameters_); }

ModelState Predictor::start(Index streams) const {
  ModelState state;
  state.reset(parameters_, streams);
  return state;
}

void Predictor::read(std::span<const std::int32_t> tokens, ModelState& state) {
  ensure(!tokens.empty(), "at least one stream is read");
  const Index vocabulary = this->vocabulary();
  for (const std::int32_t token : tokens) ensure(token >= 0 && token < vocabulary, "tokens are of the vocabulary");
  batch_.sequence = Sequence(static_cast<Index>(tokens.size()), 1);
  batch_.inputs.assign(tokens.begin(), tokens.end());
  batch_.targets.assign(tokens.size(), 0);
  model_forward(context_, config_, parameters_, batch_, {}, state, cache_);
}

ConstMatrixView Predictor::log_probabilities() {
  log_probabilities_.reshape(batch_.rows(), vocabulary());
  next_token_log_probabilities(context_, config_, parameters_, cache_, log_probabilities_);
  return log_probabilities_;
}

void Predictor::score(std::span<const NextToken> next, std::span<double> nll) {
  next_token_nll(context_, config_, parameters_, next, cache_, nll);
}

}  // namespace moelm
