// Puts the scores of an adapted model in the place of the trained model's, batch after batch of one text.
#pragma once

#include <optional>
#include <span>

#include "adaptation/dynamic_model.hpp"
#include "adaptation/neural_cache.hpp"
#include "evaluation/scorer.hpp"

namespace moelm {

/// A ScoreAdapter for one text that is scored in its order, as one stream with carried state. Not thread-safe. Context
/// and trained model must outlive it.
class AdaptedScores {
 public:
  AdaptedScores(Context& context, const TrainedModel& trained, const Adaptation& adaptation);

  /// Overwrites nll, the trained model's. Error(diverged) if the adapted weights leave the range of numbers.
  void operator()(const Batch& batch, const ModelCache& cache, std::span<double> nll);

  /// Nats of all rows so far under the trained model.
  double static_nll() const { return static_nll_; }

 private:
  Adaptation adaptation_;
  std::optional<DynamicModel> dynamic_;
  std::optional<NeuralCache> cache_;
  Matrix h_;
  std::vector<double> p_cache_;
  double static_nll_ = 0;
};

/// Bytes that the adaptation takes beside the trained model, for a text of at most `tokens` tokens.
double adaptation_bytes(const ModelConfig& config, const ModelParameters& parameters, const Adaptation& adaptation,
                        Index tokens);

}  // namespace moelm
